"""One enterprise's facts under one policy: the standing on a day, and the levels of all days to come.

`on` explains; `levels` sweeps through time with running totals, so that an enterprise with very many entries
costs a sort and not a day-by-day evaluation. Both end in `running_totals.decide`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.domain.events.policy import StandingPolicy
from projections.standing.explanation import Explaining, unmet
from projections.standing.facts import DeclarationFact, Facts, PolicyInForce, Relief, Term
from projections.standing.lazy_property import Once
from projections.standing.levels import Level
from projections.standing.point_windows import PointWindow, add_months, hold_spans, lay_out, long_enough, weigh
from projections.standing.running_totals import (
    BROKEN,
    HEAVY,
    KNOWN,
    POINTS,
    TOTALS,
    Stretch,
    decide,
    in_time,
    level_of,
    reply_stretches,
    stretches_of,
)
from projections.standing.standing_model import Conditions, Revoked, Standing

__all__ = ["PolicyEvaluation"]


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
        edges = {day for stretch in self._stretches for day in stretch[:2] if day > after}
        edges.update(day for day, _ in self._ratio if day > after)
        if self._latest > after:
            edges.update(mark.on for mark in (*self._facts.conduct, *self._facts.bearing) if mark.on > after)
        if self._facts.reliefs:  # what ends while it is repaired ends without a step
            edges.update(day for day in self.ends.values() if day > after)
        for note in self._facts.annotations:
            edges.update(day for day in (note.on, note.until) if day is not None and day > after)
        return edges

    @Once
    def _in_order(self) -> list[PointWindow]:
        return sorted(self._spans, key=lambda span: (span.weighed.item.on, span.weighed.item.entry, span.start))

    @Once
    def _terms(self) -> list[Term]:
        return sorted(self._facts.terms)

    @Once
    def _latest(self) -> date:
        """The day on which the last thing on record begins to count."""
        facts = self._facts
        return max([max(marks).on for marks in (facts.conduct, facts.bearing) if marks], default=date.min)

    @Once
    def _conduct(self) -> set[int]:
        return {mark.entry for mark in self._facts.conduct}

    @Once
    def _entries(self) -> list[int]:
        return [max(mark.entry for mark in self._facts.bearing)] if self._facts.bearing else []

    @Once
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

    @Once
    def _repaired(self) -> list[Relief]:
        """The repairs that ended what had not ended by itself before."""
        return [
            relief
            for relief in self._facts.reliefs
            if relief.until is None and self.ends.get(relief.entry, date.min) == relief.on
        ]

    @Once
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
        replies = self._replies_in_time(day)
        stale = [one.entry for start, stop, one in self._stale if start <= day < stop] if facts.declared else []
        conditions = Conditions(bool(live), kept, not heavy, not broken, replies, not stale)
        revoked = self._revoked(day) if facts.revocations else None
        holding = [span for span in self._holds if span.start <= day < span.stop] if self._holds else []
        if day >= self._latest:  # nearly always: nothing on record begins later
            conduct, entries, ends = self._conduct, self._entries, list(self.ends.values())
        else:
            conduct = {mark.entry for mark in facts.conduct if mark.on <= day}
            entries = [mark.entry for mark in facts.bearing if mark.on <= day]
            ends = [end for entry, end in self.ends.items() if entry in conduct]
        known = bool(conduct) or any(term.known_on <= day for term in facts.terms)
        levels_held = {span.rule.level for span in holding}
        level = decide(self._policy, points, levels_held, revoked is not None, known, conditions)
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
        totals = [0] * TOTALS
        today = begin
        for day, which, amount in self._deltas:
            if day > today:  # everything of the day before is in
                yield today, level_of(self._policy, totals)
                if day >= end:
                    return
                today = day
            totals[which] += amount
        yield today, level_of(self._policy, totals)

    @Once
    def _stretches(self) -> list[Stretch]:
        """What is added to which total, but for replies."""
        stretches: list[Stretch] = []
        for span in self._spans:
            stretches.append((span.start, span.stop, POINTS, span.counted))
            if span.vetoes:
                stretches.append((span.start, span.stop, HEAVY, 1))
            if span.breaks:
                stretches.append((span.start, span.stop, BROKEN, 1))
        stretches.extend(stretches_of(self._policy, self._facts, self._holds, self._kept))
        if self._facts.conduct:  # known once is known
            stretches.append((min(self._facts.conduct).on, date.max, KNOWN, 1))
        return stretches

    @Once
    def _deltas(self) -> list[tuple[date, int, int]]:
        """What is added to which running total on which day, in the order of days."""
        stretches = self._stretches
        if self._kept and len(self._facts.replies) >= self._policy.good.replies_min:  # replies matter to GOOD alone
            stretches = [*stretches, *reply_stretches(self._policy, self._facts)]
        deltas = [(start, which, amount) for start, _, which, amount in stretches]
        deltas += [(stop, which, -amount) for _, stop, which, amount in stretches]
        deltas.sort()
        return deltas

    @Once
    def _ratio(self) -> list[tuple[date, bool | None]]:
        """Each day from which on replies are in time, are not, or are too few to say, unlike the days before."""
        policy, replies = self._policy, self._facts.replies
        if len(replies) < policy.good.replies_min:
            return []
        changes: dict[date, tuple[int, int]] = {}
        for reply in replies:
            for day, amount in ((reply.on, 1), (add_months(reply.on, policy.good.replies_months), -1)):
                timely, counted = changes.get(day, (0, 0))
                changes[day] = timely + amount * reply.timely, counted + amount
        ratio: list[tuple[date, bool | None]] = [(date.min, None)]
        timely, counted = 0, 0
        for day in sorted(changes):
            timely, counted = timely + changes[day][0], counted + changes[day][1]
            now = in_time(policy, timely, counted)
            if now != ratio[-1][1]:
                ratio.append((day, now))
        return ratio

    def _replies_in_time(self, day: date) -> bool | None:
        if not self._ratio:
            return None
        return self._ratio[bisect_right(self._ratio, day, key=lambda change: change[0]) - 1][1]

    def _revoked(self, day: date) -> Revoked | None:
        """The revocation that holds longest."""
        holding = [
            Revoked(one.entry, one.code, one.on, until)
            for one in self._facts.revocations
            if one.on <= day < (until := add_months(one.on, self._policy.revoked_months))
        ]
        return max(holding, key=lambda one: (one.changes_on, -one.entry), default=None)
