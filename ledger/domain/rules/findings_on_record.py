"""All findings and holds of a record, over outcomes, assessments and every noun: what a repair or objection is about.

Of a standing this is the part that an entry can be held against the enterprise for; weighing it is not done here.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection, OutcomeState, findings
from ledger.domain.state.fold import SLOTS
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Finding, Hold

__all__ = ["findings_at", "findings_of", "holds_at"]


def findings_of(record: EnterpriseRecord) -> tuple[Finding, ...]:
    """Every finding that stands, in the order of entries; what was repudiated, annulled or made void is left out."""
    found = [*_of_nouns(record), *_assessed(record)]
    for outcome in OUTCOMES.of(record).by_entry.values():
        found.extend(_of_outcome(record, outcome))
    return tuple(sorted(found, key=lambda one: (one.entry, one.item)))


def findings_at(record: EnterpriseRecord, entry: int) -> tuple[Finding, ...]:
    """The findings that the entry recorded. An outcome's or a breach's correction leaves them at the first entry."""
    outcome = OUTCOMES.of(record).by_entry.get(entry)
    if outcome is not None:
        return tuple(_of_outcome(record, outcome))
    others = [*_of_nouns(record), *_assessed(record)]
    return tuple(one for one in others if one.entry == entry)


def holds_at(record: EnterpriseRecord, entry: int) -> tuple[Hold, ...]:
    """The holds that the entry recorded, whether they last still or not."""
    readers = [noun.bearing for noun in SLOTS.values() if noun.bearing is not None and noun.key in record.nouns]
    return tuple(one for read in readers for one in read(record).holds if one.entry == entry)


def _of_nouns(record: EnterpriseRecord) -> Iterator[Finding]:
    for noun in SLOTS.values():
        if noun.bearing is not None and noun.key in record.nouns:
            yield from noun.bearing(record).findings


def _assessed(record: EnterpriseRecord) -> Iterator[Finding]:
    for pledge in PLEDGES.of(record).by_id.values():
        if pledge.is_public(record.repudiated):
            for one in pledge.assessments:
                if one.item is not None and one.index not in record.repudiated:
                    yield Finding(one.index, one.effective_on, one.item, one.fact_id)


def _of_outcome(record: EnterpriseRecord, outcome: OutcomeState) -> Iterator[Finding]:
    gone = record.repudiated
    stands = outcome.newest(gone)
    if outcome.index in gone or (isinstance(stands, OutcomeCorrection) and stands.void):
        return
    items = findings(outcome, stands)
    if items:
        clauses = PLEDGES.of(record).broken(outcome.pledge, stands.clauses, gone)
        for item in items:
            yield Finding(outcome.index, outcome.effective_on, item, stands.fact_id, clauses)
