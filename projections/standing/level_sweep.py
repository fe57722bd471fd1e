"""The level of one enterprise, event by event: what an event changes is weighed anew, and nothing else.

For streams of which many events are taken in at once: an evaluation costs as much as the enterprise has facts, so one
for each event would cost the square of that. A sweep keeps running totals under every known policy as of its day, and
what will be added to them on later days; the facts of entries with one root (`entry_roots.py`) are taken away as they
were and put in as they are where one of them changes. What changes everything (a pledge, the size) begins it anew.

It gives the levels that `Case.levels` gives, and no standings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from typing import Final

from msgspec.structs import replace

from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.repudiation import BodyErased, EntryMisattributed, StatementRepudiated
from ledger.domain.state.entry_roots import kin_of
from ledger.domain.state.fold import SLOT_OF, STEPS
from ledger.domain.state.record import EnterpriseRecord
from projections.standing.facts import DatedEntry, Facts, PolicyInForce, Size
from projections.standing.facts_from_record import BEARING, facts_about, facts_at_large, facts_of
from projections.standing.levels import Level
from projections.standing.point_windows import hold_spans, long_enough, steps_of, weigh
from projections.standing.running_totals import (
    BROKEN,
    HEAVY,
    KNOWN,
    POINTS,
    TOTALS,
    level_of,
    reply_stretches,
    stretches_of,
)

__all__ = ["LevelSweep"]

_Amount = tuple[str, int]  # of a matter: only the highest that counts is added to the points


class _PolicyTotals:
    """The running totals under one policy, and what is still to come. Days only go forward."""

    def __init__(self, policy: PolicyInForce, today: date) -> None:
        self.in_force: Final = policy
        self._policy: Final = policy.policy
        self._today = today
        self._totals = [0] * TOTALS
        self._matters: dict[str, dict[int, int]] = {}  # how often each amount counts now
        self._highest: dict[str, int] = {}
        self._touched: set[str] = set()
        self._days: list[date] = []  # a heap of the keys of `_coming`
        self._coming: dict[date, list[tuple[int | _Amount, int]]] = {}

    def put(self, facts: Facts, times: int) -> None:
        """Add some facts, or (-1 times) take them away again: those of entries with one root, or all there are."""
        policy = self._policy
        kept = [one for one in facts.kept if long_enough(policy, one)]
        holds = hold_spans(policy, facts) if facts.holds else ()
        for start, stop, which, amount in stretches_of(policy, facts, holds, kept):
            self._from(start, stop, which, times * amount)
        for mark in facts.conduct:
            self._from(mark.on, date.max, KNOWN, times)
        for start, stop, which, amount in reply_stretches(policy, facts):
            self._from(start, stop, which, times * amount)
        for one in weigh(policy, facts):
            for start, stop, factor in steps_of(one, policy):
                counted = one.counted(factor)
                if counted > 0:
                    self._from(start, stop, (one.item.matter, counted), times)
                    if one.veto:
                        self._from(start, stop, HEAVY, times)
                    if one.breaks:
                        self._from(start, stop, BROKEN, times)

    def _from(self, start: date, stop: date, what: int | _Amount, amount: int) -> None:
        if stop <= self._today or start >= stop:
            return
        if start <= self._today:
            self._add(what, amount)
        else:
            self._later(start, what, amount)
        if stop < date.max:
            self._later(stop, what, -amount)

    def _later(self, day: date, what: int | _Amount, amount: int) -> None:
        coming = self._coming.get(day)
        if coming is None:
            coming = self._coming[day] = []
            heappush(self._days, day)
        coming.append((what, amount))

    def _add(self, what: int | _Amount, amount: int) -> None:
        if isinstance(what, int):
            self._totals[what] += amount
            return
        matter, counted = what
        counts = self._matters.setdefault(matter, {})
        counts[counted] = counts.get(counted, 0) + amount
        self._touched.add(matter)

    @property
    def next_day(self) -> date:
        """The next day on which something changes; `date.max`: none."""
        return self._days[0] if self._days else date.max

    def advance(self, day: date) -> None:
        """Up to a day, with all that begins or ends on it."""
        while self._days and self._days[0] <= day:
            for what, amount in self._coming.pop(heappop(self._days)):
                self._add(what, amount)
        self._today = day

    def level(self) -> Level:
        for matter in self._touched:
            counts = {counted: often for counted, often in self._matters[matter].items() if often}
            highest = max(counts, default=0)
            self._totals[POINTS] += highest - self._highest.get(matter, 0)
            if counts:
                self._matters[matter], self._highest[matter] = counts, highest
            else:
                del self._matters[matter]
                self._highest.pop(matter, None)
        self._touched.clear()
        return level_of(self._policy, self._totals)


class LevelSweep:
    """Of the enterprise with this record, under these policies, as of a day."""

    def __init__(
        self,
        record: EnterpriseRecord,
        policies: Sequence[PolicyInForce],
        today: date,
        facts: Facts | None = None,
    ) -> None:
        """`facts`: the record's, where they are known."""
        self._policies = tuple(policies)
        self._begin(record, today, facts)

    def _begin(self, record: EnterpriseRecord, today: date, facts: Facts | None = None) -> None:
        self.today = today
        facts = facts_of(record, record.subject) if facts is None else facts
        self._sizes: Sequence[Size] = facts.sizes
        self._totals = [_PolicyTotals(policy, today) for policy in self._policies]
        self._put(facts, 1)

    def _put(self, facts: Facts, times: int) -> None:
        for totals in self._totals:
            totals.put(facts, times)

    @property
    def level(self) -> Level:
        """On its day, under the policy then in force; UNRATED where there is none."""
        begun = [totals for totals in self._totals if totals.in_force.from_on <= self.today]
        if not begun:
            return Level.UNRATED
        return max(begun, key=lambda totals: totals.in_force[:2]).level()

    def know(self, record: EnterpriseRecord, policies: Sequence[PolicyInForce]) -> None:
        """The policies that are known from now on, by more than before; the record as it is."""
        self._policies = tuple(policies)
        self._begin(record, self.today)

    def advance(self, day: date) -> Iterator[tuple[date, Level]]:
        """Go on to a day (`date.max`: to the end); each day on the way on which time alone changes the level."""
        level = self.level
        while self.today < day:
            begins = [one.from_on for one in self._policies if one.from_on > self.today]
            coming = min([totals.next_day for totals in self._totals] + begins, default=date.max)
            if coming > day or coming == date.max:
                break
            self._go_to(coming)
            if self.level != level:
                level = self.level
                yield coming, level
        if day < date.max:
            self._go_to(max(day, self.today))

    def _go_to(self, day: date) -> None:
        self.today = day
        for totals in self._totals:
            totals.advance(day)

    def take(self, before: EnterpriseRecord, record: EnterpriseRecord, at: Recorded) -> bool:
        """Take in an event at its day, with the records before and with it; whether its entry bears.

        Events that change no level (those that only annotate) may be left out.
        """
        event = at.event
        if isinstance(event, BodyErased):
            return self._erased(before, record, at)
        if isinstance(event, StatementRepudiated | EntryMisattributed):
            return self._repudiated(before, record, at, event.entry)
        assert not isinstance(event, Closed)  # of which nothing is known
        slot = STEPS[type(event)].slot
        assert slot is not None  # but for the above every event that bears has its noun
        if slot.bearing_of is None:
            self._begin(record, self.today)
            return at.index in _entries(facts_at_large(record))
        facts = self._anew(before, record, at.index)
        return type(event).__name__ in BEARING or at.index in _entries(facts)

    def _erased(self, before: EnterpriseRecord, record: EnterpriseRecord, at: Recorded) -> bool:
        """What was closed from the beginning leaves nothing when it is erased."""
        stays_since = record.on_record.get(at.index)
        if record.nouns is not before.nouns:
            self._begin(record, self.today)
        elif stays_since is not None:
            self._put(Facts(record.subject, conduct=(DatedEntry(stays_since, at.index),)), 1)
        return stays_since is not None

    def _repudiated(self, before: EnterpriseRecord, record: EnterpriseRecord, at: Recorded, entry: int) -> bool:
        ref = record.entries.get(entry)
        slot = None if ref is None or ref.type is None else SLOT_OF[ref.type]
        if ref is None or slot is None or slot.bearing is None:
            return entry in record.on_record
        if slot.bearing_of is None:
            self._begin(record, self.today)
            return entry in _entries(facts_at_large(record))
        facts = self._anew(before, record, entry)
        return ref.type in BEARING or not {entry, at.index}.isdisjoint(_entries(facts))

    def _anew(self, before: EnterpriseRecord, record: EnterpriseRecord, entry: int) -> Facts:
        """The facts of the entries that are read together with this one in the place of those before."""
        kin = [one for one in kin_of(record, entry) if one in record.entries]
        known = [one for one in kin if one in before.entries]
        if known:
            self._put(self._about(before, known), -1)
        facts = self._about(record, kin)
        self._put(facts, 1)
        return facts

    def _about(self, record: EnterpriseRecord, entries: Iterable[int]) -> Facts:
        return replace(facts_about(record, entries), sizes=self._sizes)


def _entries(facts: Facts) -> set[int]:
    return {mark.entry for mark in facts.bearing}
