"""What a standing may count of an enterprise's record, and until when: what an erasure must leave alone.

`counts_until` compares what a standing sees with and without an entry. Whatever differs (a finding that would go, a
repair that would go with its decision, a size that weighs others) says for how long the entry still counts. Under a
policy that nobody has approved yet it might count for longer: that is not known, and not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.complaint import (
    OUTCOMES,
    OutcomeCorrection,
    OutcomeState,
    counts_as_reply,
    findings,
    outcome_root,
)
from ledger.domain.state.enterprise import IDENTITY
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import PledgeState
from ledger.domain.state.policy import StandingPolicyInForce
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, Hold
from ledger.domain.values.dates import add_months

__all__ = ["FOREVER", "conduct", "counts_until", "leaves_nothing_on_record"]

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

    `bearings`: what the nouns of the first record bring, and those of the second. `policies` in the order of the
    dates from which they hold. Whether anything is on record at all is `leaves_nothing_on_record`.
    """
    stretches = _stretches(policies, today)
    before, after = _Stakes(record, bearings[0], stretches), _Stakes(without, bearings[1], stretches)
    until = today
    for one, other in ((before, after), (after, before)):
        for stake in one.all.keys() - other.all.keys():
            until = max(until, one.all[stake])
    return until


def conduct(record: EnterpriseRecord, bearings: Sequence[Bearing]) -> set[int]:
    """The entries about conduct on record, whatever they cost: they alone tell NORMAL from UNRATED."""
    found = {mark.entry for bearing in bearings for mark in bearing.conduct}
    found.update(outcome.index for outcome, _ in _outcomes(record))
    for pledge in _public(record):
        found.update(one.index for one in pledge.assessments if one.index not in record.repudiated)
    return found


def leaves_nothing_on_record(
    record: EnterpriseRecord,
    without: EnterpriseRecord,
    bearings: tuple[Sequence[Bearing], Sequence[Bearing]],
) -> bool:
    """Whether the second record has nothing on record (no conduct, no public pledge), unlike the first."""
    if not conduct(record, bearings[0]):
        return False
    return not conduct(without, bearings[1]) and not without.on_record and next(_public(without), None) is None


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
        for pledge in _public(record):
            self._assessments(pledge)
        for outcome, stands in _outcomes(record):
            for item in findings(outcome, stands):
                self._finding(outcome.index, outcome.effective_on, item, stands.fact_id, stands.clauses)
            if counts_as_reply(outcome, stands):
                self._reply(outcome, timely=stands.reply == "timely")
        for bearing in bearings:
            for finding in bearing.findings:
                self._finding(finding.entry, finding.on, finding.item, finding.fact_id, finding.clauses, finding.until)
        for bearing in bearings:
            for hold in bearing.holds:
                self._ends[hold.entry] = max(self._ends.get(hold.entry, date.min), self._hold_until(hold))
        for bearing in bearings:
            self._others(bearing)
        for size in IDENTITY.of(record).sizes:
            if size.index not in record.repudiated:
                self.all[_Stake("size", size.index, size.effective_on, (size.band,))] = self._sized_until

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

    def _reply(self, outcome: OutcomeState, *, timely: bool) -> None:
        on = outcome.effective_on
        ends = [min(end, add_months(on, policy.good.replies_months)) for _, end, policy in self._stretches]
        self.all[_Stake("reply", outcome.index, on, (timely,))] = max(ends, default=date.min)

    def _assessments(self, pledge: PledgeState) -> None:
        record = self._record
        for one in pledge.assessments:
            if one.index in record.repudiated:
                continue
            if one.item is not None:
                self._finding(one.index, one.effective_on, one.item, one.fact_id, ())
                continue
            # a period kept in full counts toward GOOD as long as any public pledge is live
            last = max((day for other in _public(record) if (day := other.last_day(record.repudiated))), default=None)
            until = date.min if last is None else _day_after(last)
            said = one.period_from, one.period_until, one.assessor_code
            self.all[_Stake("kept", one.index, one.effective_on, said)] = until

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


def _public(record: EnterpriseRecord) -> Iterator[PledgeState]:
    """The pledges that a standing looks at: public, published, neither of it repudiated."""
    for pledge in PLEDGES.of(record).by_id.values():
        terms, publication, gone = pledge.terms, pledge.publication, record.repudiated
        if terms is None or publication is None or terms.disclosure != "public":
            continue
        if terms.index not in gone and publication.index not in gone:
            yield pledge


def _outcomes(record: EnterpriseRecord) -> Iterator[tuple[OutcomeState, OutcomeState | OutcomeCorrection]]:
    """The outcomes that count for something, each with the version that stands."""
    for outcome in OUTCOMES.of(record).by_entry.values():
        if outcome.index in record.repudiated:
            continue
        stands = outcome.newest(record.repudiated)
        if not (isinstance(stands, OutcomeCorrection) and stands.void):
            yield outcome, stands


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
