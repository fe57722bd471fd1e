"""Objections of the enterprise to what was recorded about it, and what was decided on them. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/objection.py`. An objection is
shown beside the entry while it is open. Upholding one does not change the record: a correction or an annulment does, by
those who may make it; until then it shows that one is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

from ledger.domain.events.base import Recorded
from ledger.domain.events.objection import ObjectionFiled, ObjectionRejected, ObjectionUpheld
from ledger.domain.state.breach import BREACHES, Breach, corrections
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.indexed_by_entry import slot_by_entry
from ledger.domain.state.petition import Petition, PetitionDecision, Requests, decision_on, in_force, marks_of, those_at
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, Slot
from ledger.domain.state.step import in_slot

__all__ = ["OBJECTIONS", "STEPS", "step"]


def step(objections: Requests, at: Recorded, event: ObjectionFiled | ObjectionUpheld | ObjectionRejected) -> Requests:
    """The objections with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, ObjectionFiled):
        return objections.put(Petition(index, on, event.entry))
    how: Literal["upheld", "rejected"] = "upheld" if isinstance(event, ObjectionUpheld) else "rejected"
    return objections.put(PetitionDecision(index, on, event.entry, event.objection, how))


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Objections beside their entries: while they are open, and once upheld until the record is put right."""
    objections, gone = OBJECTIONS.of(record), record.repudiated
    some = those_at(objections, entries)
    notes: list[Annotation] = []
    for one in in_force(some, gone):
        if isinstance(one, Petition):
            answer = decision_on(objections, one, gone)
            until = None if answer is None else answer.effective_on
            notes.append(Annotation(one.about, one.effective_on, "objection.open", one.index, until))
        elif one.how == "upheld":
            until = _put_right_on(record, one)
            notes.append(Annotation(one.about, one.effective_on, "objection.upheld", one.index, until))
    return Bearing(annotations=tuple(notes), bearing=marks_of(some))


def _put_right_on(record: EnterpriseRecord, upheld: PetitionDecision) -> date | None:
    """When the outcome or breach was corrected after the objection was upheld; what is annulled is gone altogether."""
    outcome = OUTCOMES.of(record).by_entry.get(upheld.about)
    breaches = BREACHES.of(record)
    breach = breaches.entries.get(upheld.about)
    later: list[tuple[int, date]] = []
    if outcome is not None:
        later += [(one.index, one.effective_on) for one in outcome.corrections]
    if isinstance(breach, Breach):
        later += [(one.index, one.effective_on) for one in corrections(breaches, breach)]
    after = [one for one in later if one[0] > upheld.index and one[0] not in record.repudiated]
    return min(after)[1] if after else None


OBJECTIONS: Final[Slot[Requests]] = slot_by_entry("objections", bearing_of)

STEPS: Final = (
    in_slot(OBJECTIONS, ObjectionFiled, step, bears=True),
    in_slot(OBJECTIONS, ObjectionUpheld, step, bears=True),
    in_slot(OBJECTIONS, ObjectionRejected, step, bears=True),
)
