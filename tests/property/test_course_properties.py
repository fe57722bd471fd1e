"""However a stream is cut into batches, what is told of its levels is what each day's evaluation would have said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.base import Recorded
from ledger.domain.events.policy import StandingPolicyApproved, StandingPolicyProposed
from ledger.domain.state.fold import fold
from ledger.domain.values.dates import shanghai_date
from projections.engine.enterprise_rows import portray
from projections.standing.evaluate import evaluate
from projections.standing.level_history import Change, LevelHistory, follow
from projections.standing.policy_timeline import Rules
from tests.unit.projections import stream as say
from tests.unit.projections.stream import Saying, Stream, noon
from tests.unit.projections.telling import tell

BEGIN = date(2026, 3, 20)
SEEDS = st.integers(0, 2**32).map(random.Random)


def governing(index: int, on: date, in_force: date, **changes: object) -> list[Recorded]:
    """A policy proposed and approved on `on` by the entries `index` and `index + 1`."""
    policy = msgspec.structs.replace(default_standing_policy(), **changes)
    if in_force > date(2026, 1, 2):
        dearer = (msgspec.structs.replace(rule, points=rule.points * 5 // 4) for rule in policy.rules)
        policy = msgspec.structs.replace(policy, rules=tuple(dearer))
    events = (
        StandingPolicyProposed(v=1, effective_on=on, policy=policy),
        StandingPolicyApproved(v=1, effective_on=in_force, proposal=index),
    )
    return [
        Recorded(index + n, "policy", 1, noon(on), b"", "party:organizer", b"", 0, False, event)
        for n, event in enumerate(events)
    ]


def _something(chance: random.Random, stream: Stream, on: date, pledged: bool) -> Saying:
    pick, day = chance.random(), str(on - timedelta(days=chance.randint(0, 5)))
    entries = [at.index for at in stream.events[3:] if at.sealed and "Outcome" in type(at.event).__name__]
    if pick < 0.1 and entries:
        return say.repudiated(chance.choice(entries), str(on))
    if pick < 0.2 and pledged:
        return say.assessed(1, day, chance.choice(["full", "full", "partial", "none"]), ("2026-03-20", day))
    if pick < 0.3:
        return say.sized(day, chance.choice(["micro", "large"]))
    if pick < 0.6:
        return _of_a_noun(chance, stream, on, day)
    return say.outcome(
        day,
        reply=chance.choice(["timely", "timely", "late", "none"]),
        ended=chance.choice(["settled", "refused"]),
        fact_id=chance.choice([None, None, "one"]),
        clauses=chance.choice([(), ("returns",)]),
    )


def _of_a_noun(chance: random.Random, stream: Stream, on: date, day: str) -> Saying:
    """Something of the nouns that a standing reads by their bearing."""
    matter = chance.choice([None, "one"])
    recheck = on + timedelta(days=chance.choice([0, 30, 400]))
    found = [at.index for at in stream.events if type(at.event).__name__ in ("FindingRecorded", "PublicRecordCited")]
    facts: list[dict[str, object]] = [
        {"say": "FindingRecorded", "kind": "spot_check", "severity": "general", "fact_id": matter},
        {"say": "FindingRecorded", "kind": "spot_check", "result": "passed"},
        {"say": "PublicRecordCited", "kind": "serious_list", "recheck_by": str(recheck)},
        {"say": "PublicRecordCited", "kind": "penalty", "severity": "severe", "recheck_by": str(recheck)},
        {"say": "MarkMisuseFound", "by": chance.choice(["licensee", "third_party"])},
        {"say": "StandardDeclared", "number": f"Q/ABC {len(stream.events):03d}-2026"},
    ]
    if found:
        facts.append({"say": "FindingAnnulled", "annuls": chance.choice(found)})
        facts.append({"repudiate": chance.choice(found)})
        about = chance.choice(found)
        facts.append({"say": "ObjectionFiled", "entry": about})
        facts.append({"say": "RepairApplied", "entry": about})
    filed = {type(at.event).__name__: at.index for at in stream.events}
    if "ObjectionFiled" in filed:
        answer = {"objection": filed["ObjectionFiled"], "entry": chance.choice(found)}
        facts.append({"say": chance.choice(["ObjectionUpheld", "ObjectionRejected"]), **answer})
    if "RepairApplied" in filed:
        answer = {"application": filed["RepairApplied"], "entry": chance.choice(found)}
        facts.append({"say": chance.choice(["RepairApproved", "RepairApproved", "RepairRefused"]), **answer})
    if "RepairApproved" in filed:
        facts.append({"say": "RepairRescinded", "approval": filed["RepairApproved"], "entry": chance.choice(found)})
    fact = {**chance.choice(facts), "on": day}
    aside = Stream(first=stream.next)
    tell(aside, {key: value for key, value in fact.items() if value is not None}, {})
    return aside.events[0].event, aside.events[0].sealed  # type: ignore[return-value]


def _few_replies() -> object:
    return msgspec.structs.replace(default_standing_policy().good, replies_min=3, declarations_months=4)


def a_log(chance: random.Random) -> list[Recorded]:
    """One enterprise's events and those of the policy stream, in log order."""
    log = governing(0, date(2026, 1, 2), date(2026, 1, 2), good=_few_replies())
    stream = Stream(first=10)
    stream.say(say.registered("2026-03-20"))
    pledged = chance.random() < 0.8
    if pledged:
        disclosure = chance.choice(["public", "public", "public", "none"])
        stream.pledge(1, "2026-03-20", clauses=("returns",), disclosure=disclosure)
    on, events = BEGIN, chance.randint(0, 14)
    approved_after = chance.randint(0, events)
    for number in range(events + 1):
        on += timedelta(days=chance.choice([0, 1, 15, 50]))
        if number == approved_after:
            in_force = on + timedelta(days=chance.choice([0, 0, 40]))
            log += governing(stream.next, on, in_force, watch_from=900, alert_from=4000, good=_few_replies())
            stream.first += 2
            on += timedelta(days=chance.choice([0, 1, 15, 50]))
        if number < events:
            stream.say(_something(chance, stream, on, pledged), recorded_on=str(on))
    return sorted([*log, *stream.events], key=lambda at: at.index)


def _of(log: Sequence[Recorded], subject: str, before: int) -> list[Recorded]:
    return [at for at in log if at.subject == subject and at.index < before]


def told(log: Sequence[Recorded], cuts: Sequence[int]) -> tuple[LevelHistory, list[Change]]:
    """Follow the log in batches that end at `cuts`, with the table of changes as `engine/tables.py` keeps it."""
    course: LevelHistory | None = None
    table: list[Change] = []
    rules = Rules.none()
    for start, stop in zip([0, *cuts], [*cuts, 10**9], strict=True):
        rules = rules.after(at for at in log if at.subject == "policy" and start <= at.index < stop)
        news = [at for at in log if at.subject == say.SUBJECT and start <= at.index < stop]
        followed = follow(course, news, rules, stop)
        if followed is None:
            continue
        if followed.since is not None:
            table = [change for change in table if change.changed_on <= followed.since]
        table += followed.changes
        course = followed.course
    assert course is not None
    return course, table


@settings(max_examples=120, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 40), max_size=6))
def test_batches_of_any_size_tell_the_same_changes_and_give_the_same_rows(
    chance: random.Random, cuts: list[int]
) -> None:
    log = a_log(chance)
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    whole, changes = told(log, [])
    pieces, in_pieces = told(log, sorted(set(cuts)))
    assert in_pieces == changes
    assert portray(pieces, rules) == portray(whole, rules)


@settings(max_examples=120, deadline=None)
@given(SEEDS)
def test_the_case_that_following_hands_on_gives_the_rows_that_the_record_gives(chance: random.Random) -> None:
    log = a_log(chance)
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    followed = follow(None, _of(log, say.SUBJECT, 10**9), rules, 10**9)
    assert followed is not None
    assert portray(followed.course, rules, followed.case) == portray(followed.course, rules)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_on_every_day_the_level_told_is_the_level_that_the_book_of_that_day_gave(chance: random.Random) -> None:
    log = a_log(chance)
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    course, changes = told(log, [])
    assert changes == sorted(changes)
    last = shanghai_date(log[-1].recorded_at)
    level, told_so_far = "UNRATED", list(changes)
    day = BEGIN
    while day <= last + timedelta(days=1200):
        while told_so_far and told_so_far[0].changed_on <= day:
            assert told_so_far[0].before == level
            level = told_so_far.pop(0).after
        known = max(at.index for at in log if shanghai_date(at.recorded_at) <= day) + 1
        record = fold(None, _of(log, say.SUBJECT, known))
        assert level == evaluate(rules.known_at(known), record, day).level, day
        day += timedelta(days=1 if day < last else 13)
    assert course.record == fold(None, _of(log, say.SUBJECT, 10**9))


def test_a_dearer_policy_is_remembered_by_what_comes_after_it() -> None:
    log = governing(0, date(2026, 1, 2), date(2026, 1, 2))
    stream = Stream(first=10)
    stream.say(say.registered("2026-03-20"))
    for number in range(3):
        stream.say(say.outcome("2026-04-01", reply="late", issue=str(number)))
    log += governing(stream.next, date(2026, 4, 2), date(2026, 4, 2), watch_from=900)  # 250 for a late reply
    stream.first += 2
    entry = stream.say(say.outcome("2026-04-03", reply="late"))
    log += stream.events
    _, changes = told(log, [entry - 2, entry])
    assert [(change.position, change.after) for change in changes][-2:] == [(entry, "WATCH"), (entry, "NORMAL")]
