"""Whether what was agreed on a complaint was performed: said by the handling body, sealed, in months, without persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/agreement.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, TypeAlias

from msgspec import Struct

from ledger.domain.events.agreement import AgreementDefaulted, AgreementPerformed
from ledger.domain.events.base import Recorded
from ledger.domain.events.complaint import Outcome
from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection, OutcomeState
from ledger.domain.state.finding import is_annulled
from ledger.domain.state.indexed_by_entry import IndexedByEntry, slot_by_entry
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, DatedEntry, Finding, Slot
from ledger.domain.state.step import in_slot

__all__ = ["AGREED", "AGREEMENTS", "STEPS", "Agreements", "Defaulted", "Performed", "agreed", "step"]

AGREED: Final[frozenset[Outcome]] = frozenset(("agreed", "settled"))


class Performed(Struct, frozen=True, gc=False):
    """The `AgreementPerformed` at `index`, about the outcome at `about`."""

    index: int
    effective_on: date
    about: int


class Defaulted(Struct, frozen=True, gc=False):
    """The `AgreementDefaulted` at `index`, about the outcome at `about`."""

    index: int
    effective_on: date
    about: int


Agreements: TypeAlias = IndexedByEntry[Performed | Defaulted]


def step(agreements: Agreements, at: Recorded, event: AgreementPerformed | AgreementDefaulted) -> Agreements:
    """The agreements with one more word on one of them."""
    kept = Performed if isinstance(event, AgreementPerformed) else Defaulted
    return agreements.put(kept(at.index, event.effective_on, event.outcome_entry))


def agreed(record: EnterpriseRecord, entry: int) -> tuple[OutcomeState, OutcomeState | OutcomeCorrection] | None:
    """The outcome at `entry`, and its version that stands, if that one is an agreement; None too if it is closed."""
    outcome = OUTCOMES.of(record).by_entry.get(entry)
    if outcome is None or entry in record.repudiated:
        return None
    stands = outcome.newest(record.repudiated)
    if stands.outcome not in AGREED or (isinstance(stands, OutcomeCorrection) and stands.void):
        return None
    return outcome, stands


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Defaults on what still stands as agreed. A performance after it is shown beside the default, and ends nothing."""
    agreements, gone = AGREEMENTS.of(record), record.repudiated
    found: list[Finding] = []
    notes: list[Annotation] = []
    conduct: list[DatedEntry] = []
    marks: list[DatedEntry] = []
    for index in entries:
        one = agreements.entries.get(index)
        if one is None:
            continue
        mark = DatedEntry(one.effective_on, index)
        marks.append(mark)
        if isinstance(one, Performed) or index in gone or is_annulled(record, index):
            continue
        agreement = agreed(record, one.about)
        if agreement is None:
            continue
        outcome, stands = agreement
        conduct.append(mark)
        clauses = PLEDGES.of(record).broken(outcome.pledge, stands.clauses, gone)
        found.append(
            Finding(index, one.effective_on, "agreement.defaulted", stands.fact_id, clauses, root=outcome.index)
        )
        notes.extend(
            Annotation(index, later.effective_on, "agreement.performed", later.index)
            for later in agreements.about(one.about, gone)
            if isinstance(later, Performed)
        )
    return Bearing(tuple(found), annotations=tuple(notes), conduct=tuple(conduct), bearing=tuple(marks))


AGREEMENTS: Final[Slot[Agreements]] = slot_by_entry("agreements", bearing_of)

STEPS: Final = (
    in_slot(AGREEMENTS, AgreementPerformed, step, bears=True),
    in_slot(AGREEMENTS, AgreementDefaulted, step, bears=True),
)
