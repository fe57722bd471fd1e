"""Objections of the enterprise to what was recorded about it, and what was decided on them. All sealed.

First what is said, then what it adds up to; what may be said is in `objection_rules.py`. An objection is shown beside
the entry while it is open. Upholding one does not change the record: a correction or an annulment does, by those who
may make it; until then it shows that one is due.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from ledger.domain.breach import BREACHES, Breach, corrections
from ledger.domain.event import EntryIndex, Event, Recorded, Text
from ledger.domain.linked import Linked
from ledger.domain.noun import Annotation, Bearing, Noun
from ledger.domain.record import EnterpriseRecord
from ledger.domain.request import Asked, Decided, Requests, decision_on, in_force, marks_of

__all__ = ["OBJECTIONS", "ObjectionFiled", "ObjectionRejected", "ObjectionUpheld", "step"]


class ObjectionFiled(Event, frozen=True, kw_only=True, tag="ObjectionFiled"):
    """The enterprise objects to entry `entry`. It changes nothing, and is shown beside the entry while it is open."""

    entry: EntryIndex
    ground: Text


class ObjectionUpheld(Event, frozen=True, kw_only=True, tag="ObjectionUpheld"):
    """The objection is right. The record itself changes by the correction or annulment that follows, not by this."""

    objection: EntryIndex
    entry: EntryIndex
    explanation: Text


class ObjectionRejected(Event, frozen=True, kw_only=True, tag="ObjectionRejected"):
    """The entry stands as recorded."""

    objection: EntryIndex
    entry: EntryIndex
    explanation: Text


def step(objections: Requests, at: Recorded, event: ObjectionFiled | ObjectionUpheld | ObjectionRejected) -> Requests:
    """The objections with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, ObjectionFiled):
        return objections.put(Asked(index, on, event.entry))
    how: Literal["upheld", "rejected"] = "upheld" if isinstance(event, ObjectionUpheld) else "rejected"
    return objections.put(Decided(index, on, event.entry, event.objection, how))


def bearing(record: EnterpriseRecord) -> Bearing:
    """Objections beside their entries: while they are open, and once upheld until the record is put right."""
    objections, gone = OBJECTIONS.of(record), record.repudiated
    notes: list[Annotation] = []
    for one in in_force(objections, gone):
        if isinstance(one, Asked):
            answer = decision_on(objections, one, gone)
            until = None if answer is None else answer.effective_on
            notes.append(Annotation(one.about, one.effective_on, "objection.open", one.index, until))
        elif one.how == "upheld":
            until = _put_right_on(record, one)
            notes.append(Annotation(one.about, one.effective_on, "objection.upheld", one.index, until))
    return Bearing(annotations=tuple(notes), bearing=marks_of(objections))


def _put_right_on(record: EnterpriseRecord, upheld: Decided) -> date | None:
    """When the outcome or breach was corrected after the objection was upheld; what is annulled is gone altogether."""
    outcome = record.outcomes.get(upheld.about)
    breaches = BREACHES.of(record)
    breach = breaches.entries.get(upheld.about)
    later: list[tuple[int, date]] = []
    if outcome is not None:
        later += [(one.index, one.effective_on) for one in outcome.corrections]
    if isinstance(breach, Breach):
        later += [(one.index, one.effective_on) for one in corrections(breaches, breach)]
    after = [one for one in later if one[0] > upheld.index and one[0] not in record.repudiated]
    return min(after)[1] if after else None


OBJECTIONS: Final[Noun[Requests]] = Noun("objections", Linked(), forget=Linked.forget, bearing=bearing)
