"""What must be true of every standing, whatever was recorded."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta

import msgspec
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.enterprise import SizeBand
from ledger.domain.events.policy import HoldRule, StandingPolicy
from projections.standing.evaluate import SEGMENTS_MAX, Case
from projections.standing.facts import (
    Annotation,
    CountedReply,
    DatedEntry,
    DeclarationFact,
    Facts,
    Hold,
    KeptPledge,
    PointItem,
    PolicyInForce,
    Relief,
    Revocation,
    Size,
    Term,
)
from projections.standing.point_windows import add_months
from projections.standing.render import render
from projections.standing.standing_model import Standing
from tests.property.plain_standing import plain_standing

BEGIN = date(2026, 1, 1)
DAYS = st.integers(0, 1200).map(lambda days: BEGIN + timedelta(days=days))
ITEMS = [rule.item for rule in default_standing_policy().rules[:4]] + ["pledge.not_fulfilled", "unknown.item"]
HELD = [*(rule.item for rule in default_standing_policy().holds), "unknown.hold"]
BANDS: tuple[SizeBand, ...] = ("micro", "small", "medium", "large")
# Drawn from a seed: thousands of unlike cases find more here than small ones.
SEEDS = st.integers(0, 2**32).map(random.Random)


def _day(chance: random.Random) -> date:
    return BEGIN + timedelta(days=chance.choice([0, 1, 31, 90, chance.randint(0, 1200)]))


def _period(chance: random.Random) -> tuple[date, date]:
    """The first and last day of a period: some about as long as GOOD needs, some shorter."""
    first = _day(chance)
    return first, first + timedelta(days=chance.choice([0, 179, 180, 181, 182, 183, 184, 364]))


def told(standing: Standing) -> tuple[object, ...]:
    """Level, points and reasons, which is what a change of a standing is."""
    reasons = [(one.entry, one.item, one.counted) for one in standing.reasons]
    holds = [(one.entry, one.item) for one in standing.holds]
    return standing.level, standing.points, reasons, holds, standing.revoked


def _stricter(policy: StandingPolicy, points: int, late: int) -> StandingPolicy:
    rules = tuple(msgspec.structs.replace(rule, points=points) for rule in policy.rules)
    good = msgspec.structs.replace(policy.good, declarations_months=3, veto_items=("complaint.late_reply",))
    holds = (HoldRule(item="mark.misused", level="ALERT", months=7, zh="误用", en="Misused."),)
    return msgspec.structs.replace(
        policy, rules=rules, late_per_mille=late, clause_multiplier_per_mille=1500, good=good, holds=holds
    )


def some_policies(chance: random.Random) -> tuple[PolicyInForce, ...]:
    default = default_standing_policy()
    found = [PolicyInForce(chance.choice([BEGIN, BEGIN + timedelta(days=100)]), 5, default)]
    if chance.random() < 0.5:
        other = _stricter(default, chance.randint(0, 2500), chance.choice([0, 333, 1000, 1500]))
        found.append(PolicyInForce(_day(chance), 6, other))
    return tuple(found)


def some_facts(chance: random.Random, most: int = 6) -> Facts:
    entries = itertools.count(100)

    def some(most: int) -> range:
        return range(chance.randint(0, most))

    terms = []
    for n in some(2):
        known, begin = _day(chance), _day(chance)
        until = begin + timedelta(days=chance.randint(-5, 500))
        terms.append(Term(next(entries), str(n), "campaign:2026", known, max(known, begin), until))
    items = []
    for n in some(most):
        matter = chance.choice(["fact 1", "fact 2", f"entry {n}"])
        clauses = chance.choice([(), ("returns",)])
        until = chance.choice([date.max, date.max, _day(chance)])
        items.append(PointItem(next(entries), _day(chance), chance.choice(ITEMS), matter, clauses, until))
    kept = []
    for _ in some(2):
        period_from, period_until = _period(chance)
        kept.append(KeptPledge(next(entries), _day(chance), period_until, period_from))
    revocations = [Revocation(next(entries), "1", _day(chance)) for _ in some(1)]
    sizes = [Size(_day(chance), next(entries), chance.choice(BANDS)) for _ in some(2)]
    on, late = _day(chance), chance.randint(0, 3)
    replies = [CountedReply(on + timedelta(days=n % 3), n >= late) for n in range(chance.choice([0, 22]))]
    holds = [Hold(next(entries), _day(chance), chance.choice(HELD), _perhaps(chance)) for _ in some(2)]
    about = [*(one.entry for one in items), *(one.entry for one in holds)]
    reliefs = [Relief(chance.choice(about), _day(chance), next(entries), _perhaps(chance)) for _ in some(2) if about]
    noted = [chance.choice([*about, 7]) for _ in some(2)]
    notes = [Annotation(entry, _day(chance), "objection.open", next(entries), _perhaps(chance)) for entry in noted]
    begun = [(next(entries), _day(chance)) for _ in some(2)]
    declared = [DeclarationFact(entry, on, _perhaps(chance) or date.max) for entry, on in begun]
    conduct = [DatedEntry(one.on, one.entry) for one in (*items, *kept)]
    conduct += [DatedEntry(one.on, one.entry) for one in holds]
    bearing = [
        *conduct,
        *(DatedEntry(one.on, one.by) for one in reliefs),
        *(DatedEntry(one.on, one.by) for one in notes),
        *(DatedEntry(one.on, one.entry) for one in declared),
        *(DatedEntry(term.known_on, term.entry) for term in terms),
        *(DatedEntry(one.on, one.entry) for one in sizes),
    ]
    return Facts(
        "uscc:1",
        terms,
        revocations,
        kept,
        items,
        replies,
        sizes,
        conduct,
        bearing,
        holds=holds,
        reliefs=reliefs,
        annotations=notes,
        declared=declared,
    )


def _perhaps(chance: random.Random) -> date | None:
    return chance.choice([None, _day(chance)])


def _all_days(case: Case, start: date, days: int) -> list[Standing]:
    return [case.on(start + timedelta(days=n)) for n in range(days)]


@settings(max_examples=60, deadline=None)
@given(SEEDS, DAYS)
def test_level_points_and_reasons_are_the_same_until_the_next_change_and_others_on_it(
    chance: random.Random, start: date
) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    case = Case(rules, given_facts)
    then = case.next_change_on(start)
    now = told(case.on(start))
    days = 2600 if then is None else (then - start).days
    step = max(1, days // 60)
    assert all(told(case.on(start + timedelta(days=n))) == now for n in [*range(0, days, step), days - 1])
    if then is not None:
        assert told(case.on(then)) != now


@settings(max_examples=15, deadline=None)
@given(SEEDS, DAYS)
def test_day_by_day_evaluation_finds_no_other_change(chance: random.Random, start: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    case = Case(rules, given_facts)
    days = _all_days(case, start, 1000)
    for then, differs in (
        (case.next_change_on(start), lambda one: told(one) != told(days[0])),
        (case.holds_until(start), lambda one: one != days[0]),
    ):
        first = next((n for n in range(1, 1000) if differs(days[n])), None)
        assert (None if then is None or (then - start).days >= 1000 else (then - start).days) == first


@settings(max_examples=60, deadline=None)
@given(SEEDS, DAYS)
def test_segments_are_what_evaluating_each_of_their_days_gives(chance: random.Random, start: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    case = Case(rules, given_facts)
    segments = case.segments(start)
    assert segments[0].from_on == start
    assert len(segments) <= SEGMENTS_MAX
    for segment, following in itertools.pairwise(segments):
        assert segment.until_on == following.from_on
        assert segment.until_on == case.holds_until(segment.from_on)
        assert case.on(following.from_on - timedelta(days=1)) == segment.standing
    assert segments[-1].until_on == case.holds_until(segments[-1].from_on)
    assert [one.next_change_on for one in segments] == [case.next_change_on(one.from_on) for one in segments]


@settings(max_examples=60, deadline=None)
@given(SEEDS, DAYS)
def test_the_sweep_over_all_levels_agrees_with_every_evaluation(chance: random.Random, start: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    case = Case(rules, given_facts)
    levels = case.levels(start)
    assert all(one[1] != other[1] for one, other in itertools.pairwise(levels))
    for segment in case.segments(start):
        holding = [level for on, level in levels if on <= segment.from_on][-1]
        assert holding == segment.standing.level
    assert [on for on, _ in levels[1:]] == sorted({on for on, _ in levels[1:]})
    for on, level in levels:
        assert case.on(on).level == level


@settings(max_examples=150, deadline=None)
@given(SEEDS, DAYS)
def test_the_order_in_which_facts_come_changes_no_byte(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)

    day = max(chance.choice(given_facts.items).on if given_facts.items else day, BEGIN + timedelta(days=100))

    def shuffled(facts_of_a_kind: object) -> tuple[object, ...]:
        items = list(facts_of_a_kind)  # type: ignore[call-overload]
        chance.shuffle(items)
        return tuple(items)

    fields = [field for field in Facts.__struct_fields__ if field != "subject"]
    other = Facts("uscc:1", *(shuffled(getattr(given_facts, field)) for field in fields))  # type: ignore[arg-type]
    one, two = Case(rules, given_facts), Case(rules[::-1], other)
    assert render(one.on(day), one.next_change_on(day)) == render(two.on(day), two.next_change_on(day))


@settings(max_examples=40, deadline=None)
@given(SEEDS, DAYS)
def test_a_rendered_standing_is_canonical_json_of_whole_numbers(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    case = Case(rules, given_facts)
    body = render(case.on(day), case.next_change_on(day))
    assert rfc8785.dumps(msgspec.json.decode(body)) == body
    assert case.on(day).points == sum(reason.counted for reason in case.on(day).reasons)


RANK = ["GOOD", "PLEDGED", "NORMAL", "WATCH", "ALERT", "REVOKED", "LISTED"]


def _not_worse(level: str, other: str) -> bool:
    """Whether `level` is no worse than `other`. No record is no rank: anything on record may come of it."""
    return other == "UNRATED" or (level != "UNRATED" and RANK.index(level) <= RANK.index(other))


@settings(max_examples=80, deadline=None)
@given(SEEDS, DAYS)
def test_a_pledge_never_makes_a_standing_worse_and_lifts_it_at_most_to_good(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    pledged = Case(rules, given_facts).on(day).level
    bare = Case(rules, msgspec.structs.replace(given_facts, terms=(), kept=())).on(day).level
    assert pledged == bare or (
        {pledged, bare} <= {"NORMAL", "PLEDGED", "GOOD", "UNRATED"} and _not_worse(pledged, bare)
    )


@settings(max_examples=150, deadline=None)
@given(SEEDS, DAYS)
def test_a_fact_with_points_or_a_listing_never_makes_a_standing_better(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    before = Case(rules, given_facts).on(day)
    matter = chance.choice(["fact 1", "fact 2", "fact 3"])
    item = PointItem(90, _day(chance), chance.choice(ITEMS), matter, chance.choice([(), ("returns",)]))
    hold = Hold(91, _day(chance), chance.choice(HELD), _perhaps(chance))
    conduct = [*given_facts.conduct, DatedEntry(item.on, 90), DatedEntry(hold.on, 91)]
    changes = chance.choice([{"items": [*given_facts.items, item]}, {"holds": [*given_facts.holds, hold]}])
    worse = Case(rules, msgspec.structs.replace(given_facts, conduct=conduct, **changes)).on(day)
    assert worse.points >= before.points
    if before.level == "UNRATED":
        assert worse.level != "GOOD"
    else:
        assert _not_worse(before.level, worse.level)


@settings(max_examples=60, deadline=None)
@given(SEEDS, DAYS)
def test_one_matter_recorded_twice_counts_once(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    once = msgspec.structs.replace(
        given_facts, items=[item._replace(matter=f"fact {item.entry}") for item in given_facts.items], reliefs=()
    )
    again = [item._replace(entry=item.entry + 1000) for item in once.items]
    twice = msgspec.structs.replace(
        once, items=[*once.items, *again], conduct=[*once.conduct, *(DatedEntry(item.on, item.entry) for item in again)]
    )
    one, two = Case(rules, once).on(day), Case(rules, twice).on(day)
    assert (one.points, one.level, len(one.reasons)) == (two.points, two.level, len(two.reasons))
    assert all(len(reason.same_matter) == 1 for reason in two.reasons)


@settings(max_examples=60, deadline=None)
@given(SEEDS, DAYS)
def test_an_open_objection_changes_nothing_but_what_is_noted(chance: random.Random, day: date) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    noted, bare = (
        Case(rules, facts).on(day) for facts in (given_facts, msgspec.structs.replace(given_facts, annotations=()))
    )
    for field in set(bare.__struct_fields__) - {"reasons", "holds"}:
        assert getattr(noted, field) == getattr(bare, field), field
    for with_notes, without in zip((*noted.reasons, *noted.holds), (*bare.reasons, *bare.holds), strict=True):
        assert msgspec.structs.replace(with_notes, notes=()) == without


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_repaired_entry_costs_nothing_from_the_day_of_its_repair(chance: random.Random) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    repaired_on = BEGIN + timedelta(days=chance.randint(100, 900))
    entries = [one.entry for one in given_facts.items] + [one.entry for one in given_facts.holds]
    reliefs = [Relief(entry, repaired_on, 5000 + entry) for entry in entries]
    case = Case(rules, msgspec.structs.replace(given_facts, reliefs=reliefs))
    bare = Case(rules, msgspec.structs.replace(given_facts, reliefs=()))
    after, before = case.on(repaired_on), case.on(repaired_on - timedelta(days=1))
    assert (after.points, after.reasons, after.holds) == (0, (), ())
    assert (before.points, before.level) == (
        bare.on(repaired_on - timedelta(days=1)).points,
        bare.on(repaired_on - timedelta(days=1)).level,
    )


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_on_every_day_exactly_what_is_repaired_on_it_costs_nothing(chance: random.Random) -> None:
    rules, given_facts = some_policies(chance), some_facts(chance)
    about = [one.entry for one in (*given_facts.items, *given_facts.holds)]
    further = [Relief(chance.choice(about), _day(chance), 5000 + n, _perhaps(chance)) for n in range(4) if about]
    reliefs = [*given_facts.reliefs, *further]
    repaired = Case(rules, msgspec.structs.replace(given_facts, reliefs=reliefs))
    steps = [add_months(item.on, months) for item in given_facts.items for months in (3, 12, 24, 36)]
    edges = [day for one in reliefs for day in (one.on, one.until) if day is not None]
    for edge in {*steps, *edges}:
        for day in (edge - timedelta(days=1), edge):
            free = {one.entry for one in reliefs if one.on <= day and (one.until is None or day < one.until)}
            items = [item for item in given_facts.items if item.entry not in free]
            holds = [hold for hold in given_facts.holds if hold.entry not in free]
            without = Case(rules, msgspec.structs.replace(given_facts, items=items, holds=holds, reliefs=())).on(day)
            on_day = repaired.on(day)
            assert (on_day.points, on_day.level) == (without.points, without.level)
            assert [reason.entry for reason in on_day.reasons] == [reason.entry for reason in without.reasons]
            assert [held.entry for held in on_day.holds] == [held.entry for held in without.holds]


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_the_standing_is_what_the_policy_says_of_each_day_by_itself(chance: random.Random) -> None:
    rules, facts = some_policies(chance), some_facts(chance)
    case = Case(rules, facts)
    levels = dict(case.levels(BEGIN))
    edges = {edge for segment in case.segments(BEGIN)[:12] for edge in (segment.from_on, segment.until_on) if edge}
    days = {*edges, *(edge - timedelta(days=1) for edge in edges if edge > BEGIN), *(_day(chance) for _ in range(12))}
    for day in sorted(days):
        expected, standing = plain_standing(rules, facts, day), case.on(day)
        assert (standing.level, standing.points) == (expected.level, expected.points), day
        assert {entry for one in standing.reasons for entry in (one.entry, *one.same_matter)} == expected.counting, day
        assert {one.entry for one in standing.holds} == expected.holding, day
        assert levels[max(on for on in levels if on <= day)] == expected.level, day
