"""Facts under one policy, laid out in time: what counts from which day to which, and how much.

A span is a stretch of days on which one matter contributes the same amount for the same reason. Everything
else (a standing on a day, the next change, all levels to come) is read off the spans. Integers only: points
in hundredths, factors per mille, multiplied first and floored once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from ledger.domain.events.policy import HoldRule, PointRule, StandingPolicy
from ledger.domain.values import dates
from projections.standing.facts import Facts, Hold, KeptPledge, PointItem, Relief, Size

__all__ = [
    "HoldSpan",
    "PointWindow",
    "Weighed",
    "add_months",
    "hold_spans",
    "lay_out",
    "long_enough",
    "steps_of",
    "weigh",
]

# The same days come again for everybody: remembered, the arithmetic costs nothing.
add_months: Final = lru_cache(maxsize=65_536)(dates.add_months)
_TIER_RANK = {"minor": 0, "general": 1, "severe": 2}


class Weighed(NamedTuple):
    """An item under its rule: its steps are full until `late_on`, reduced until `end_on`, then nothing.

    `reliefs`: the approved repairs of its entry, while which it costs nothing. `veto`: it costs GOOD while it counts.
    """

    item: PointItem
    rule: PointRule
    weight: int  # per mille, by size band on the item's date
    clause: int  # per mille, for breaking a pledged clause
    late_on: date
    end_on: date
    veto: bool
    breaks: bool  # a clause that was publicly pledged, where the policy holds that against GOOD
    reliefs: Sequence[Relief] = ()

    def counted(self, factor: int) -> int:
        return self.rule.points * factor * self.weight * self.clause // 1_000_000_000


class PointWindow(NamedTuple):
    """From `start` to the day before `stop`, `weighed` counts `counted` hundredths of a point.

    `same_matter` names the entries that count on these days, too, but stem from the same matter and are
    therefore not added. `vetoes`, `breaks`: whether any of them all costs GOOD, or broke a pledged clause.
    """

    start: date
    stop: date
    weighed: Weighed
    factor: int
    counted: int
    same_matter: tuple[int, ...]
    vetoes: bool
    breaks: bool


class HoldSpan(NamedTuple):
    """From `start` to the day before `stop` (`date.max`: until an event ends it), `hold` holds the level."""

    start: date
    stop: date
    hold: Hold
    rule: HoldRule


def hold_spans(policy: StandingPolicy, facts: Facts) -> list[HoldSpan]:
    """Every hold that the policy has a rule for, less the time for which it is repaired; in the order of dates."""
    rules = {rule.item: rule for rule in policy.holds}
    reliefs = _by_entry(facts.reliefs)
    spans = []
    for hold in facts.holds:
        rule = rules.get(hold.item)
        if rule is None:
            continue
        stop = hold.until or date.max
        if rule.months is not None:
            stop = min(stop, add_months(hold.on, rule.months))
        for start, until in _left_by(reliefs.get(hold.entry, ()), hold.on, stop):
            spans.append(HoldSpan(start, until, hold, rule))
    return sorted(spans, key=lambda span: (span.hold.on, span.hold.entry, span.rule.item, span.start))


def weigh(policy: StandingPolicy, facts: Facts) -> list[Weighed]:
    """Every item that the policy has a rule for, with its weight and its steps."""
    if not facts.items:
        return []
    rules = {rule.item: rule for rule in policy.rules}
    sizes = sorted(facts.sizes)
    reliefs = _by_entry(facts.reliefs)
    good = policy.good
    weighed = []
    for item in facts.items:
        rule = rules.get(item.item)
        if rule is None:
            continue
        window = policy.tiers[rule.tier]
        end_on = min(add_months(item.on, max(window.full_months, window.end_months)), item.until)
        weighed.append(
            Weighed(
                item,
                rule,
                _size_weight(policy, sizes, item.on) if rule.sized else 1000,
                policy.clause_multiplier_per_mille if item.clauses else 1000,
                min(add_months(item.on, window.full_months), end_on),
                end_on,
                rule.tier in good.veto_tiers or rule.item in good.veto_items,
                bool(item.clauses) and good.veto_broken_clauses,
                tuple(reliefs[item.entry]) if item.entry in reliefs else (),
            )
        )
    return weighed


def _by_entry(reliefs: Iterable[Relief]) -> Mapping[int, Sequence[Relief]]:
    found: defaultdict[int, list[Relief]] = defaultdict(list)
    for relief in reliefs:
        found[relief.entry].append(relief)
    return found


def lay_out(policy: StandingPolicy, weighed: Sequence[Weighed]) -> list[PointWindow]:
    """The spans of all matters. On any day at most one span of a matter holds: that which counts most."""
    matters: defaultdict[str, list[Weighed]] = defaultdict(list)
    for one in weighed:
        matters[one.item.matter].append(one)
    spans: list[PointWindow] = []
    for members in matters.values():
        spans.extend(_alone(members[0], policy) if len(members) == 1 else _together(members, policy))
    return spans


def _size_weight(policy: StandingPolicy, sizes: Sequence[Size], on: date) -> int:
    band = None
    for size in sizes:
        if size.on > on:
            break
        band = size.band
    return policy.size_unknown_per_mille if band is None else policy.size_per_mille[band]


def steps_of(one: Weighed, policy: StandingPolicy) -> Iterator[tuple[date, date, int]]:
    """The stretches on which it counts by itself, whatever else its matter has: first day, day after the last, factor
    per mille."""
    for start, stop, factor in (
        (one.item.on, one.late_on, 1000),
        (one.late_on, one.end_on, policy.late_per_mille),
    ):
        if one.reliefs:
            for begin, end in _left_by(one.reliefs, start, stop):
                yield begin, end, factor
        elif start < stop:
            yield start, stop, factor


def _left_by(reliefs: Iterable[Relief], start: date, stop: date) -> Iterator[tuple[date, date]]:
    """What repairs leave of the days from `start` to the day before `stop`: stretches that never overlap."""
    for relief in sorted(reliefs, key=lambda relief: relief.on):
        if relief.on >= stop:
            break
        ends_on = relief.until or date.max
        if ends_on <= max(start, relief.on):  # over before it mattered
            continue
        if start < relief.on:
            yield start, relief.on
        start = ends_on
    if start < stop:
        yield start, stop


def _alone(one: Weighed, policy: StandingPolicy) -> Iterator[PointWindow]:
    for start, stop, factor in steps_of(one, policy):
        counted = one.counted(factor)
        yield PointWindow(start, stop, one, factor, counted, (), one.veto and counted > 0, one.breaks and counted > 0)


def _together(members: Sequence[Weighed], policy: StandingPolicy) -> Iterator[PointWindow]:
    """The highest of several items that stem from one matter, on every stretch between their steps."""
    begin: defaultdict[date, list[tuple[int, Weighed, int]]] = defaultdict(list)
    end: defaultdict[date, list[int]] = defaultdict(list)
    steps = [(one, *step) for one in members for step in steps_of(one, policy)]
    for place, (one, start, stop, factor) in enumerate(steps):
        begin[start].append((place, one, factor))
        end[stop].append(place)
    held: dict[int, tuple[Weighed, int]] = {}  # by the place of the step
    last: PointWindow | None = None
    for start, stop in pairwise(sorted(begin.keys() | end.keys())):
        for place in end.get(start, ()):
            del held[place]
        held.update((place, (one, factor)) for place, one, factor in begin.get(start, ()))
        if not held:
            continue
        best, factor = max(held.values(), key=_precedence)
        others = tuple(sorted({one.item.entry for one, _ in held.values()} - {best.item.entry}))
        counting = [one for one, factor in held.values() if one.counted(factor) > 0]
        vetoes = any(one.veto for one in counting)
        breaks = any(one.breaks for one in counting)
        span = PointWindow(start, stop, best, factor, best.counted(factor), others, vetoes, breaks)
        if last is not None and last.stop == start and last[2:] == span[2:]:
            last = PointWindow(last.start, stop, *span[2:])
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _precedence(held: tuple[Weighed, int]) -> tuple[int, int, int, str]:
    """Highest amount first; ties by the graver tier, the older entry, the item's name."""
    one, factor = held
    return one.counted(factor), _TIER_RANK[one.rule.tier], -one.item.entry, one.item.item


def long_enough(policy: StandingPolicy, kept: KeptPledge) -> bool:
    """Whether the period that was kept in full has as many months as GOOD needs."""
    months = policy.good.period_months
    return months is None or add_months(kept.period_from, months) <= kept.period_until + timedelta(days=1)
