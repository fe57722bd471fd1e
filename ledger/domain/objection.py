"""Objections of the enterprise to what was recorded about it, and what was decided on them. All sealed.

First what is said, then what it adds up to; what may be said is in `objection_rules.py`. An objection is shown beside
the entry while it is open. Upholding one does not change the record: a correction or an annulment does, by those who
may make it; until then it shows that one is due.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Final, TypeAlias

from msgspec import Struct

from ledger.domain.breach import BREACHES, Breach, corrections
from ledger.domain.event import Event, Recorded, Text
from ledger.domain.finding import EntryIndex
from ledger.domain.linked import Linked
from ledger.domain.noun import Annotation, Bearing, Mark, Noun
from ledger.domain.record import EnterpriseRecord

__all__ = [
    "OBJECTIONS",
    "Answered",
    "Filed",
    "ObjectionFiled",
    "ObjectionRejected",
    "ObjectionUpheld",
    "Objections",
    "answer_to",
    "step",
]


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


class Filed(Struct, frozen=True, gc=False):
    """The `ObjectionFiled` at `index`, to the entry `about`."""

    index: int
    effective_on: date
    about: int


class Answered(Struct, frozen=True, gc=False):
    """The decision at `index` on the objection at `on`, to the entry `about`."""

    index: int
    effective_on: date
    about: int
    on: int
    upheld: bool


Objections: TypeAlias = Linked[Filed | Answered]


def step(
    objections: Objections, at: Recorded, event: ObjectionFiled | ObjectionUpheld | ObjectionRejected
) -> Objections:
    """The objections with one more entry."""
    if isinstance(event, ObjectionFiled):
        return objections.put(Filed(at.index, event.effective_on, event.entry))
    upheld = isinstance(event, ObjectionUpheld)
    return objections.put(Answered(at.index, event.effective_on, event.entry, event.objection, upheld))


def answer_to(objections: Objections, filed: Filed, repudiated: Container[int]) -> Answered | None:
    """What was decided on an objection; None while it is open."""
    for one in objections.about(filed.about, repudiated):
        if isinstance(one, Answered) and one.on == filed.index:
            return one
    return None


def bearing(record: EnterpriseRecord) -> Bearing:
    """Objections beside their entries: while they are open, and once upheld until the record is put right."""
    objections, gone = OBJECTIONS.of(record), record.repudiated
    notes: list[Annotation] = []
    marks: list[Mark] = []
    for index, one in objections.entries.items():
        marks.append(Mark(one.effective_on, index))
        if index in gone or one.about in gone:
            continue
        if isinstance(one, Filed):
            answer = answer_to(objections, one, gone)
            until = None if answer is None else answer.effective_on
            notes.append(Annotation(one.about, one.effective_on, "objection.open", index, until))
        elif one.upheld:
            until = _put_right_on(record, one)
            notes.append(Annotation(one.about, one.effective_on, "objection.upheld", index, until))
    return Bearing(annotations=tuple(notes), bearing=tuple(marks))


def _put_right_on(record: EnterpriseRecord, upheld: Answered) -> date | None:
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


OBJECTIONS: Final[Noun[Objections]] = Noun("objections", Linked(), forget=Linked.forget, bearing=bearing)
