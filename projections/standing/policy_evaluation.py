"""One enterprise's facts under one policy: the standing on a day, and the levels of all days to come.

`on` explains; `levels` sweeps through time with running totals, so that an enterprise with very many entries
costs a sort and not a day-by-day evaluation. Both end in `_level`, the one place where a level is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from datetime import date, timedelta
from typing import Any, Final, Generic, TypeVar

from ledger.domain.events.policy import StandingPolicy
from projections.standing.explanation import Explaining, unmet
from projections.standing.facts import DeclarationFact, Facts, PolicyInForce, Relief, Term
from projections.standing.levels import Level
from projections.standing.point_windows import PointWindow, add_months, hold_spans, lay_out, long_enough, weigh
from projections.standing.standing_model import Conditions, Revoked, Standing

__all__ = ["PolicyEvaluation"]

# The running totals of a sweep, by position.
_POINTS, _HEAVY, _BROKEN, _LIVE, _KEPT, _KNOWN, _REVOKED, _TIMELY, _REPLIES, _STALE, _WATCH, _ALERT, _LISTED = range(13)
_HELD_AT: Final = {"WATCH": _WATCH, "ALERT": _ALERT, "LISTED": _LISTED}


_NOT_HELD: Final = frozenset[str]()
_Value = TypeVar("_Value")


class _Once(Generic[_Value]):
    """As `cached_property`, without its lock: for pure values, of which a rebuild makes some for every entry."""

    def __init__(self, method: Callable[[Any], _Value]) -> None:
        self._method = method

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> _Value:
        value = self._method(instance)
        instance.__dict__[self._name] = value  # found there from now on, without coming here
        return value


class PolicyEvaluation:
    """Holds derived values only; ask as often as you like."""

    def __init__(self, policy: PolicyInForce, facts: Facts) -> None:
        self._in_force = policy
        self._policy: Final[StandingPolicy] = policy.policy
        self._facts = facts
        self._weighed = weigh(policy.policy, facts)
        self._spans = lay_out(policy.policy, self._weighed)
        self._holds = hold_spans(policy.policy, facts) if facts.holds else []
        self._kept = [one for one in facts.kept if long_enough(policy.policy, one)]
        self._explaining = Explaining(policy.policy, facts.annotations)

    def edges(self, after: date) -> set[date]:
        """The later days on which anything that this policy looks at begins, steps or ends."""
        edges = {day for day, _, _ in self._deltas if day > after}
        edges.update(day for stretch in self._reply_stretches for day in stretch[:2] if day > after)
        if self._latest > after:
            edges.update(mark.on for mark in (*self._facts.conduct, *self._facts.bearing) if mark.on > after)
        if self._facts.reliefs:  # what ends while it is repaired ends without a step
            edges.update(day for day in self.ends.values() if day > after)
        for note in self._facts.annotations:
            edges.update(day for day in (note.on, note.until) if day is not None and day > after)
        return edges

    @_Once
    def _in_order(self) -> list[PointWindow]:
        return sorted(self._spans, key=lambda span: (span.weighed.item.on, span.weighed.item.entry, span.start))

    @_Once
    def _terms(self) -> list[Term]:
        return sorted(self._facts.terms)

    @_Once
    def _latest(self) -> date:
        """The day on which the last thing on record begins to count."""
        facts = self._facts
        return max([max(marks).on for marks in (facts.conduct, facts.bearing) if marks], default=date.min)

    @_Once
    def _conduct(self) -> set[int]:
        return {mark.entry for mark in self._facts.conduct}

    @_Once
    def _entries(self) -> list[int]:
        return [max(mark.entry for mark in self._facts.bearing)] if self._facts.bearing else []

    @_Once
    def ends(self) -> dict[int, date]:
        """By entry that the policy has a rule for: the day from which it counts no more and is no longer public."""
        ends: dict[int, date] = {}
        for one in self._weighed:
            ends[one.item.entry] = max(ends.get(one.item.entry, one.end_on), one.end_on)
        for hold in self._holds:
            ends[hold.hold.entry] = max(ends.get(hold.hold.entry, hold.stop), hold.stop)
        for relief in self._facts.reliefs:
            if relief.until is None and relief.entry in ends:
                ends[relief.entry] = min(ends[relief.entry], relief.on)
        return ends

    @_Once
    def _repaired(self) -> list[Relief]:
        """The repairs that ended what had not ended by itself before."""
        return [
            relief
            for relief in self._facts.reliefs
            if relief.until is None and self.ends.get(relief.entry, date.min) == relief.on
        ]

    @_Once
    def _stale(self) -> list[tuple[date, date, DeclarationFact]]:
        """From when to when a declared standard is one that should have been renewed."""
        months = self._policy.good.declarations_months
        if months is None:
            return []
        due = ((add_months(one.on, months), one.until, one) for one in self._facts.declared)
        return [(start, stop, one) for start, stop, one in due if start < stop]

    def on(self, day: date) -> Standing:
        """The standing on `day`, with its explanation."""
        facts = self._facts
        held = [span for span in self._in_order if span.start <= day < span.stop]
        points, heavy, broken = 0, False, False
        for span in held:
            points += span.counted
            heavy = heavy or span.vetoes
            broken = broken or span.breaks
        live = [term for term in self._terms if term.from_on <= day <= term.until_on]
        kept = bool(live) and any(kept.on <= day and kept.period_until < day for kept in self._kept)
        in_time = self._in_time(*self._replies(day)) if self._reply_stretches else None
        stale = [one.entry for start, stop, one in self._stale if start <= day < stop] if facts.declared else []
        conditions = Conditions(bool(live), kept, not heavy, not broken, in_time, not stale)
        revoked = self._revoked(day) if facts.revocations else None
        holding = [span for span in self._holds if span.start <= day < span.stop] if self._holds else []
        if day >= self._latest:  # nearly always: nothing on record begins later
            conduct, entries, ends = self._conduct, self._entries, list(self.ends.values())
        else:
            conduct = {mark.entry for mark in facts.conduct if mark.on <= day}
            entries = [mark.entry for mark in facts.bearing if mark.on <= day]
            ends = [end for entry, end in self.ends.items() if entry in conduct]
        known = bool(conduct) or any(term.known_on <= day for term in facts.terms)
        level = self._level(points, {span.rule.level for span in holding}, revoked is not None, known, conditions)
        return Standing(
            subject=facts.subject,
            level=level,
            points=points,
            reasons=tuple([self._explaining.reason(span, day) for span in held]),
            holds=tuple([self._explaining.held(span, day) for span in holding]) if holding else (),
            revoked=revoked,
            pledges=tuple(live),
            conditions=conditions,
            unmet=() if level == Level.GOOD else unmet(level, conditions, held, self.ends, stale),
            closed=sum([end <= day for end in ends]),
            repaired=len({one.entry for one in self._repaired if one.on <= day}) if facts.reliefs else 0,
            unweighed=len(conduct) - len(ends),
            policy=self._in_force,
            decided_at_size=1 + max(self._in_force.entry, max(entries, default=-1)),
        )

    def levels(self, begin: date, end: date) -> Iterator[tuple[date, Level]]:
        """The level on `begin`, then on every later day before `end` on which something changes (perhaps not it)."""
        totals = [0] * 13
        today = begin
        for day, which, amount in self._deltas:
            if day > today:  # everything of the day before is in
                yield today, self._level_of(totals)
                if day >= end:
                    return
                today = day
            totals[which] += amount
        yield today, self._level_of(totals)

    @_Once
    def _deltas(self) -> list[tuple[date, int, int]]:
        """What is added to which running total on which day, in the order of days."""
        facts = self._facts
        stretches: list[tuple[date, date, int, int]] = []
        for span in self._spans:
            stretches.append((span.start, span.stop, _POINTS, span.counted))
            if span.vetoes:
                stretches.append((span.start, span.stop, _HEAVY, 1))
            if span.breaks:
                stretches.append((span.start, span.stop, _BROKEN, 1))
        for hold in self._holds:
            stretches.append((hold.start, hold.stop, _HELD_AT[hold.rule.level], 1))
        for start, stop, _ in self._stale if facts.declared else ():
            stretches.append((start, stop, _STALE, 1))
        for term in facts.terms:
            stretches.append((term.known_on, date.max, _KNOWN, 1))
            if term.from_on <= term.until_on:
                stretches.append((term.from_on, _day_after(term.until_on), _LIVE, 1))
        for kept in self._kept:
            stretches.append((max(kept.on, _day_after(kept.period_until)), date.max, _KEPT, 1))
        if facts.conduct:
            stretches.append((min(facts.conduct).on, date.max, _KNOWN, 1))
        for one in facts.revocations:
            stretches.append((one.on, add_months(one.on, self._policy.revoked_months), _REVOKED, 1))
        for start, stop, timely in self._reply_stretches if self._kept else ():  # they matter to GOOD alone
            stretches.append((start, stop, _REPLIES, 1))
            if timely:
                stretches.append((start, stop, _TIMELY, 1))
        deltas = [(start, which, amount) for start, _, which, amount in stretches]
        deltas += [(stop, which, -amount) for _, stop, which, amount in stretches]
        deltas.sort()
        return deltas

    def _level_of(self, totals: list[int]) -> Level:
        conditions = Conditions(
            totals[_LIVE] > 0,
            totals[_KEPT] > 0,
            totals[_HEAVY] == 0,
            totals[_BROKEN] == 0,
            self._in_time(totals[_TIMELY], totals[_REPLIES]),
            totals[_STALE] == 0,
        )
        held = {level for level, which in _HELD_AT.items() if totals[which]} if self._holds else _NOT_HELD
        return self._level(totals[_POINTS], held, totals[_REVOKED] > 0, totals[_KNOWN] > 0, conditions)

    def _level(self, points: int, held: Set[str], revoked: bool, known: bool, conditions: Conditions) -> Level:
        """A statute's list before the organizer's own revocation, both before points; then the gravest of the rest."""
        if "LISTED" in held:
            return Level.LISTED
        if revoked:
            return Level.REVOKED
        if points >= self._policy.alert_from or "ALERT" in held:
            return Level.ALERT
        if points >= self._policy.watch_from or "WATCH" in held:
            return Level.WATCH
        if not known:
            return Level.UNRATED
        if not conditions.live_public_pledge:
            return Level.NORMAL
        good = (
            conditions.period_kept_in_full
            and conditions.nothing_general_or_severe
            and conditions.no_pledged_clause_broken
            and conditions.replies_in_time is not False
            and conditions.declarations_current
        )
        return Level.GOOD if good else Level.PLEDGED

    @_Once
    def _reply_stretches(self) -> list[tuple[date, date, bool]]:
        """For how long each reply counts, and whether it was in time; none where there are too few to ever tell."""
        good, replies = self._policy.good, self._facts.replies
        if len(replies) < good.replies_min:
            return []
        return [(reply.on, add_months(reply.on, good.replies_months), reply.timely) for reply in replies]

    def _replies(self, day: date) -> tuple[int, int]:
        """How many complaints of the last months were replied to in time, and how many there were."""
        counted = [timely for start, stop, timely in self._reply_stretches if start <= day < stop]
        return sum(counted), len(counted)

    def _in_time(self, timely: int, replies: int) -> bool | None:
        good = self._policy.good
        return None if replies < good.replies_min else timely * 1000 >= replies * good.replies_timely_per_mille

    def _revoked(self, day: date) -> Revoked | None:
        """The revocation that holds longest."""
        holding = [
            Revoked(one.entry, one.code, one.on, until)
            for one in self._facts.revocations
            if one.on <= day < (until := add_months(one.on, self._policy.revoked_months))
        ]
        return max(holding, key=lambda one: (one.changes_on, -one.entry), default=None)


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
