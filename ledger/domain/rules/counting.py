"""What a standing may count of an enterprise's record, and until when: what an erasure must leave alone.

`counts_until` compares what a standing sees with and without an entry. Whatever differs (a finding that would go, a
repair that would go with its decision, a size that weighs others) says for how long the entry still counts. Under a
policy that nobody has approved yet it might count for longer: that is not known, and not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.complaint import outcome_root
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.policy import StandingPolicyInForce
from ledger.domain.state.public_pledges import public_pledges
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, CountedReply, Hold
from ledger.domain.values.dates import add_months

__all__ = ["FOREVER", "conduct", "counts_until"]

FOREVER = date.max
_Stretch = tuple[date, date, StandingPolicy]  # a policy, the first day on which it holds, and the day after its last


class _Stake(NamedTuple):
    """One thing that may count: two records that have the same stakes have the same standings."""

    kind: str
    entry: int
    on: date
    said: tuple[object, ...]


def counts_until(
    record: EnterpriseRecord,
    without: EnterpriseRecord,
    bearings: tuple[Sequence[Bearing], Sequence[Bearing]],
    policies: Sequence[StandingPolicyInForce],
    today: date,
) -> date:
    """The first day from `today` on which no standing differs between the two records; `FOREVER`: none is known.

    `bearings`: what the nouns of the first record bring, and those of the second; what is the same in both may be left
    out. `policies` in the order of the dates from which they hold.
    """
    stretches = _stretches(policies, today)
    before, after = _Stakes(record, bearings[0], stretches), _Stakes(without, bearings[1], stretches)
    until = today
    for one, other in ((before, after), (after, before)):
        for stake in one.all.keys() - other.all.keys():
            until = max(until, one.all[stake])
    return until


def conduct(bearings: Sequence[Bearing]) -> set[int]:
    """The entries about conduct on record, whatever they cost: they alone tell NORMAL from UNRATED."""
    return {mark.entry for bearing in bearings for mark in bearing.conduct}


def _stretches(policies: Sequence[StandingPolicyInForce], today: date) -> list[_Stretch]:
    ends = [*(one.effective_on for one in policies), FOREVER]
    found = [(one.effective_on, end, one.policy) for one, (_, end) in zip(policies, pairwise(ends), strict=True)]
    return [stretch for stretch in found if stretch[1] > today and stretch[0] < stretch[1]]


class _Stakes:
    """All that may count of a record, each with the day from which it counts no more."""

    def __init__(self, record: EnterpriseRecord, bearings: Sequence[Bearing], stretches: Sequence[_Stretch]) -> None:
        self._record = record
        self._stretches = stretches
        self.all: dict[_Stake, date] = {}
        self._ends: dict[int, date] = {}  # by entry, the latest end of its findings
        self._sized_until = date.min
        for bearing in bearings:
            for finding in bearing.findings:
                self._finding(finding.entry, finding.on, finding.item, finding.fact_id, finding.clauses, finding.until)
        for bearing in bearings:
            for hold in bearing.holds:
                self._ends[hold.entry] = max(self._ends.get(hold.entry, date.min), self._hold_until(hold))
        for bearing in bearings:
            self._others(bearing)
        for bearing in bearings:
            for reply in bearing.replies:
                self._reply(reply)
            for size in bearing.sizes:
                self.all[_Stake("size", size.entry, size.on, (size.band,))] = self._sized_until
        self._kept(bearings)

    def _kept(self, bearings: Sequence[Bearing]) -> None:
        """A period kept in full counts toward GOOD as long as any public pledge is live.

        Also one that earns nothing, since the officer who published assessed it: rather erased too late than too early.
        """
        last = max((term.until_on for bearing in bearings for term in bearing.terms), default=None)
        until = date.min if last is None else _day_after(last)
        for pledge in public_pledges(PLEDGES.of(self._record), self._record.repudiated):
            for one in () if pledge.repudiated else pledge.assessments:
                if one.item is None:
                    said = one.period_from, one.period_until, one.assessor_code
                    self.all[_Stake("kept", one.index, one.effective_on, said)] = until

    def _finding(
        self,
        entry: int,
        on: date,
        item: str,
        fact_id: str | None,
        clauses: tuple[str, ...],
        ends: date | None = None,
    ) -> None:
        until = date.min
        for _, end, policy in self._stretches:
            for rule in policy.rules:
                if rule.item == item:
                    window = policy.tiers[rule.tier]
                    stops = min(end, ends or FOREVER, add_months(on, max(window.full_months, window.end_months)))
                    until = max(until, stops)
                    if rule.sized:
                        self._sized_until = max(self._sized_until, stops)
        self.all[_Stake("finding", entry, on, (item, fact_id, clauses, ends))] = until
        self._ends[entry] = max(self._ends.get(entry, until), until)

    def _reply(self, reply: CountedReply) -> None:
        ends = [min(end, add_months(reply.on, policy.good.replies_months)) for _, end, policy in self._stretches]
        self.all[_Stake("reply", reply.entry, reply.on, (reply.timely,))] = max(ends, default=date.min)

    def _others(self, bearing: Bearing) -> None:
        for hold in bearing.holds:
            self.all[_Stake("hold", hold.entry, hold.on, (hold.item, hold.until))] = self._hold_until(hold)
        for relief in bearing.reliefs:
            self.all[_Stake("relief", relief.entry, relief.on, (relief.by, relief.until))] = self._ends_of(relief.entry)
        for note in bearing.annotations:
            until = min(note.until or FOREVER, self._ends_of(note.entry))
            self.all[_Stake("annotation", note.entry, note.on, (note.kind, note.by, note.until))] = until

    def _hold_until(self, hold: Hold) -> date:
        """Until when a policy has a rule for it, and the rule's months are not over."""
        until = date.min
        for _, end, policy in self._stretches:
            for rule in policy.holds:
                if rule.item == hold.item:
                    months = FOREVER if rule.months is None else add_months(hold.on, rule.months)
                    until = max(until, min(end, months, hold.until or FOREVER))
        return until

    def _ends_of(self, entry: int) -> date:
        """Until when what is said of an entry matters; a correction stands for its outcome."""
        root = outcome_root(self._record, entry)
        return self._ends.get(entry if root is None else root, date.min)


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
