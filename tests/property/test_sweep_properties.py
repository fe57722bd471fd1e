"""Taking in many events of a stream at once gives what evaluating each of them gives, to the byte."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.base import Event, Recorded
from ledger.domain.state.entry_roots import kin_of, root_of
from ledger.domain.state.fold import SLOTS, fold
from ledger.domain.values.dates import shanghai_date
from projections.engine.enterprise_rows import portray
from projections.standing import level_history
from projections.standing.level_history import HistoryStep, LevelHistory, follow, without_erased
from projections.standing.policy_timeline import Rules
from tests.property.test_course_properties import a_log, governing
from tests.support.histories import histories
from tests.unit.projections.stream import SUBJECT, noon

BEGIN = date(2026, 3, 20)
SEEDS = st.integers(0, 2**32).map(random.Random)
ALL = 10**9


def _easy_to_be_good() -> object:
    good = default_standing_policy().good
    return msgspec.structs.replace(good, replies_min=2, declarations_months=4, period_months=None)


def dated(events: Sequence[Recorded], chance: random.Random) -> list[Recorded]:
    """The events on days of their own, recorded in order, some with effect before or after their day."""
    found, on = [], BEGIN
    for at in events:
        on += timedelta(days=chance.choice([0, 0, 1, 20, 60]))
        event = at.event
        if isinstance(event, Event):
            moved = on + timedelta(days=chance.choice([0, 0, -3, -40, 15]))
            event = msgspec.structs.replace(event, effective_on=moved)
        found.append(msgspec.structs.replace(at, recorded_at=noon(on), event=event))
    return found


def policies_among(events: Sequence[Recorded], chance: random.Random) -> list[Recorded]:
    """One from the beginning (or nearly), another one approved somewhere among the events."""
    log = governing(-20, BEGIN, BEGIN, good=_easy_to_be_good())
    among = chance.choice(events)
    on = shanghai_date(among.recorded_at)
    in_force = on + timedelta(days=chance.choice([0, 0, 40]))
    late = chance.choice([0, 700])
    good = _easy_to_be_good()
    return log + governing(
        among.index + 1, on, in_force, watch_from=900, alert_from=4000, late_per_mille=late, good=good
    )


def followed_by(
    events: Sequence[Recorded], policies: Sequence[Recorded], cuts: Sequence[int], evaluated_max: int
) -> list[HistoryStep | None]:
    """What following in batches that end at `cuts` gives each time; more than `evaluated_max` events are swept over."""
    steps: list[HistoryStep | None] = []
    course: LevelHistory | None = None
    with patch.object(level_history, "EVALUATED_EVENTS_MAX", evaluated_max):
        for start, stop in zip([-ALL, *cuts], [*cuts, ALL], strict=True):
            rules = Rules.none().after(at for at in policies if at.index < stop)
            step = follow(course, [at for at in events if start <= at.index < stop], rules, stop)
            course = None if step is None else step.course
            steps.append(step)
    return steps


def told(step: HistoryStep | None, today: date) -> object:
    """All that following tells as of a day: how it has gone, and the levels that time alone will bring."""
    if step is None:
        return None
    course = step.course
    days = [today + timedelta(days=n) for n in range(0, 1500, 3)]
    kept = msgspec.structs.replace(course, levels=(), ease=None)
    return kept, [course.level_on(day) for day in days], step.since, step.changes


def compare(events: Sequence[Recorded], policies: Sequence[Recorded], cuts: Sequence[int]) -> None:
    rules = Rules.none().after(policies)
    one_by_one, swept = (followed_by(events, policies, cuts, most) for most in (ALL, 0))
    ends = [*cuts, ALL]
    for number, stop in enumerate(ends):
        seen = [at.recorded_at for at in (*events, *policies) if at.index < stop]
        today = shanghai_date(max(seen))
        assert told(swept[number], today) == told(one_by_one[number], today)
    last, other = swept[-1], one_by_one[-1]
    assert last is not None and other is not None
    assert portray(last.course, rules, last.case) == portray(other.course, rules)


@settings(max_examples=200, deadline=None)
@given(histories(), SEEDS, st.lists(st.integers(1, 120), max_size=3))
def test_a_sweep_over_any_events_tells_what_evaluating_each_of_them_tells(
    events: list[Recorded], chance: random.Random, cuts: list[int]
) -> None:
    stream = without_erased(dated(events, chance))
    compare(stream, policies_among(stream, chance), sorted(set(cuts)))


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 40), max_size=3))
def test_a_sweep_over_a_year_of_complaints_tells_what_evaluating_each_of_them_tells(
    chance: random.Random, cuts: list[int]
) -> None:
    log = a_log(chance)
    policies = [at for at in log if at.subject == "policy"]
    compare([at for at in log if at.subject == SUBJECT], policies, sorted(set(cuts)))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_a_noun_that_is_read_entry_by_entry_brings_what_its_entries_do(events: list[Recorded]) -> None:
    record = fold(None, events)
    assert record is not None
    roots: dict[int, list[int]] = {}
    for entry in record.entries:
        roots.setdefault(root_of(record, entry), []).append(entry)
    for root, entries in roots.items():
        assert all(sorted(kin_of(record, entry)) == sorted(entries) for entry in entries), root
    for noun in SLOTS.values():
        if noun.bearing is None or noun.bearing_of is None:
            continue
        whole = noun.bearing(record)
        for parts in (([entry] for entry in record.entries), roots.values()):
            brought = [noun.bearing_of(record, entries) for entries in parts]
            for field in whole._fields:
                found = [fact for one in brought for fact in getattr(one, field)]
                assert sorted(found, key=repr) == sorted(getattr(whole, field), key=repr), (noun.key, field)
