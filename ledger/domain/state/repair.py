"""Credit repair (信用修复): applied for by the enterprise, decided by the body that made the record. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/repair.py`. A repair ends what
an entry costs from its date on; the entry stays, and counted before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from ledger.domain.events.base import Recorded
from ledger.domain.events.repair import RepairApplied, RepairApproved, RepairRefused, RepairRescinded
from ledger.domain.state.indexed_by_entry import slot_by_entry
from ledger.domain.state.petition import Petition, PetitionDecision, Requests, decision_on, in_force, marks_of, those_at
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, Relief, Slot
from ledger.domain.state.step import in_slot

__all__ = ["REPAIRS", "STEPS", "step"]


def step(
    repairs: Requests, at: Recorded, event: RepairApplied | RepairApproved | RepairRefused | RepairRescinded
) -> Requests:
    """The repairs with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, RepairApplied):
        return repairs.put(Petition(index, on, event.entry))
    if isinstance(event, RepairRescinded):
        return repairs.put(PetitionDecision(index, on, event.entry, event.approval, "rescinded"))
    how: Literal["approved", "refused"] = "approved" if isinstance(event, RepairApproved) else "refused"
    return repairs.put(PetitionDecision(index, on, event.entry, event.application, how))


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Approved repairs until they are rescinded; applications are shown while they are open."""
    repairs, gone = REPAIRS.of(record), record.repudiated
    some = those_at(repairs, entries)
    reliefs: list[Relief] = []
    notes: list[Annotation] = []
    for one in in_force(some, gone):
        if isinstance(one, Petition):
            decided = decision_on(repairs, one, gone)
            until = None if decided is None else decided.effective_on
            notes.append(Annotation(one.about, one.effective_on, "repair.applied", one.index, until))
        elif one.how == "approved":
            ended = decision_on(repairs, one, gone)
            until = None if ended is None else ended.effective_on
            reliefs.append(Relief(one.about, one.effective_on, one.index, until))
    return Bearing(reliefs=tuple(reliefs), annotations=tuple(notes), bearing=marks_of(some))


REPAIRS: Final[Slot[Requests]] = slot_by_entry("repairs", bearing_of)

STEPS: Final = (
    in_slot(REPAIRS, RepairApplied, step, bears=True),
    in_slot(REPAIRS, RepairApproved, step, bears=True),
    in_slot(REPAIRS, RepairRefused, step, bears=True),
    in_slot(REPAIRS, RepairRescinded, step, bears=True),
)
