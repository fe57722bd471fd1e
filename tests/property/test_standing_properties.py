"""What must be true of every standing, whatever was recorded."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import msgspec
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.defaults import default_standing_policy
from ledger.domain.policy import StandingPolicy
from projections.standing.evaluate import SEGMENTS_MAX, Case
from projections.standing.facts import Facts, Item, Kept, Mark, PolicyInForce, Reply, Revocation, Size, Term
from projections.standing.render import render

BEGIN = date(2026, 1, 1)
DAYS = st.integers(0, 1200).map(lambda days: BEGIN + timedelta(days=days))
ITEMS = st.sampled_from([rule.item for rule in default_standing_policy().rules] + ["unknown.item"])
BANDS = st.sampled_from(["micro", "small", "medium", "large"])


def _stricter(policy: StandingPolicy, points: int, late: int) -> StandingPolicy:
    rules = tuple(msgspec.structs.replace(rule, points=points) for rule in policy.rules)
    return msgspec.structs.replace(policy, rules=rules, late_per_mille=late, clause_multiplier_per_mille=1500)


@st.composite
def policies(draw: st.DrawFn) -> tuple[PolicyInForce, ...]:
    default = default_standing_policy()
    found = [PolicyInForce(draw(st.sampled_from([BEGIN, BEGIN + timedelta(days=100)])), 5, default)]
    if draw(st.booleans()):
        other = _stricter(default, draw(st.integers(0, 2500)), draw(st.sampled_from([0, 333, 1000, 1500])))
        found.append(PolicyInForce(draw(DAYS), 6, other))
    return tuple(found)


@st.composite
def facts(draw: st.DrawFn, most: int = 6) -> Facts:
    entries = itertools.count(100)

    def some(one: st.SearchStrategy[tuple[object, ...]]) -> list[tuple[object, ...]]:
        return draw(st.lists(one, max_size=most))

    terms = [
        Term(next(entries), str(n), "campaign:2026", known, max(known, begin), begin + timedelta(days=length))
        for n, (known, begin, length) in enumerate(some(st.tuples(DAYS, DAYS, st.integers(-5, 500))))  # type: ignore[misc]
    ]
    items = [
        Item(next(entries), on, item, f"fact {matter}" if matter < 3 else f"entry {n}", ("returns",) if broken else ())
        for n, (on, item, matter, broken) in enumerate(some(st.tuples(DAYS, ITEMS, st.integers(0, 6), st.booleans())))  # type: ignore[misc]
    ]
    kept = [Kept(next(entries), on, until) for on, until in some(st.tuples(DAYS, DAYS))]  # type: ignore[arg-type]
    revocations = [Revocation(next(entries), "1", on) for (on,) in some(st.tuples(DAYS))[:2]]  # type: ignore[arg-type]
    sizes = [Size(on, next(entries), band) for on, band in some(st.tuples(DAYS, BANDS))]  # type: ignore[arg-type]
    on = draw(DAYS)
    replies = [
        Reply(on + timedelta(days=n % 3), n >= draw(st.integers(0, 3))) for n in range(draw(st.sampled_from([0, 22])))
    ]
    conduct = [Mark(one.on, one.entry) for one in (*items, *kept)]
    bearing = [*conduct, *(Mark(term.known_on, term.entry) for term in terms), *(Mark(s.on, s.entry) for s in sizes)]
    return Facts("uscc:1", terms, revocations, kept, items, replies, sizes, conduct, bearing)


def _all_days(case: Case, start: date, days: int) -> list[object]:
    return [case.on(start + timedelta(days=n)) for n in range(days)]


@settings(max_examples=60, deadline=None)
@given(policies(), facts(), DAYS)
def test_a_standing_is_the_same_until_its_next_change_and_another_on_it(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, start: date
) -> None:
    case = Case(rules, given_facts)
    then = case.next_change_on(start)
    now = case.on(start)
    days = 2600 if then is None else (then - start).days
    step = max(1, days // 60)
    assert all(case.on(start + timedelta(days=n)) == now for n in [*range(0, days, step), days - 1])
    if then is not None:
        assert case.on(then) != now


@settings(max_examples=15, deadline=None)
@given(policies(), facts(most=3), DAYS)
def test_day_by_day_evaluation_finds_no_other_change(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, start: date
) -> None:
    case = Case(rules, given_facts)
    days = _all_days(case, start, 1000)
    first = next((n for n in range(1, 1000) if days[n] != days[0]), None)
    then = case.next_change_on(start)
    assert (None if then is None or (then - start).days >= 1000 else (then - start).days) == first


@settings(max_examples=60, deadline=None)
@given(policies(), facts(), DAYS)
def test_segments_are_what_evaluating_each_of_their_days_gives(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, start: date
) -> None:
    case = Case(rules, given_facts)
    segments = case.segments(start)
    assert segments[0].from_on == start
    assert len(segments) <= SEGMENTS_MAX
    for segment, following in itertools.pairwise(segments):
        assert segment.until_on == following.from_on
        assert segment.until_on == case.next_change_on(segment.from_on)
        assert case.on(following.from_on - timedelta(days=1)) == segment.standing
    assert segments[-1].until_on == case.next_change_on(segments[-1].from_on)


@settings(max_examples=60, deadline=None)
@given(policies(), facts(), DAYS)
def test_the_sweep_over_all_levels_agrees_with_every_evaluation(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, start: date
) -> None:
    case = Case(rules, given_facts)
    levels = case.levels(start)
    assert all(one[1] != other[1] for one, other in itertools.pairwise(levels))
    for segment in case.segments(start):
        holding = [level for on, level in levels if on <= segment.from_on][-1]
        assert holding == segment.standing.level
    assert [on for on, _ in levels[1:]] == sorted({on for on, _ in levels[1:]})
    for on, level in levels:
        assert case.on(on).level == level


@settings(max_examples=40, deadline=None)
@given(policies(), facts(), DAYS, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_come_changes_no_byte(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, day: date, random: object
) -> None:
    def shuffled(facts_of_a_kind: object) -> tuple[object, ...]:
        items = list(facts_of_a_kind)  # type: ignore[call-overload]
        random.shuffle(items)  # type: ignore[attr-defined]
        return tuple(items)

    fields = ("terms", "revocations", "kept", "items", "replies", "sizes", "conduct", "bearing")
    other = Facts("uscc:1", *(shuffled(getattr(given_facts, field)) for field in fields))  # type: ignore[arg-type]
    one, two = Case(rules, given_facts), Case(rules[::-1], other)
    assert render(one.on(day), one.next_change_on(day)) == render(two.on(day), two.next_change_on(day))


@settings(max_examples=40, deadline=None)
@given(policies(), facts(), DAYS)
def test_a_rendered_standing_is_canonical_json_of_whole_numbers(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, day: date
) -> None:
    case = Case(rules, given_facts)
    body = render(case.on(day), case.next_change_on(day))
    assert rfc8785.dumps(msgspec.json.decode(body)) == body
    assert case.on(day).points == sum(reason.counted for reason in case.on(day).reasons)


@settings(max_examples=30, deadline=None)
@given(policies(), facts(), DAYS)
def test_a_pledge_never_moves_a_level_except_between_normal_pledged_and_good(
    rules: tuple[PolicyInForce, ...], given_facts: Facts, day: date
) -> None:
    pledged = Case(rules, given_facts).on(day).level
    without = Facts(
        "uscc:1",
        items=given_facts.items,
        replies=given_facts.replies,
        sizes=given_facts.sizes,
        conduct=given_facts.conduct,
        revocations=given_facts.revocations,
    )
    bare = Case(rules, without).on(day).level
    assert pledged == bare or {pledged, bare} <= {"NORMAL", "PLEDGED", "GOOD", "UNRATED"}
