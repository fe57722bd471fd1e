"""Credit repair (信用修复): applied for by the enterprise, decided by the body that made the record. All sealed.

First what is said, then what it adds up to; what may be said is in `repair_rules.py`. A repair ends what an entry costs
from its date on; the entry stays, and counted before.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from ledger.domain.event import Digest, Event, Recorded, Text
from ledger.domain.finding import EntryIndex
from ledger.domain.linked import Linked
from ledger.domain.noun import Annotation, Bearing, Mark, Noun, Relief
from ledger.domain.record import EnterpriseRecord

__all__ = [
    "REPAIRS",
    "Applied",
    "Decided",
    "RepairApplied",
    "RepairApproved",
    "RepairRefused",
    "RepairRescinded",
    "Repairs",
    "decision_on",
    "rescission_of",
    "step",
]


class RepairApplied(Event, frozen=True, kw_only=True, tag="RepairApplied"):
    """The enterprise asks that entry `entry` cost nothing any more, and says how it made good.

    `evidence`: SHA-256 of documents that were handed in.
    """

    entry: EntryIndex
    made_good: Text
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=16)] = ()


class RepairApproved(Event, frozen=True, kw_only=True, tag="RepairApproved"):
    """What entry `entry` recorded costs nothing from `effective_on`, as asked for by `application`."""

    application: EntryIndex
    entry: EntryIndex
    explanation: Text


class RepairRefused(Event, frozen=True, kw_only=True, tag="RepairRefused"):
    """Entry `entry` goes on costing what it costs; `application` is closed, another may be made."""

    application: EntryIndex
    entry: EntryIndex
    explanation: Text


class RepairRescinded(Event, frozen=True, kw_only=True, tag="RepairRescinded"):
    """The repair that `approval` granted was obtained wrongly: entry `entry` counts again from `effective_on`."""

    approval: EntryIndex
    entry: EntryIndex
    explanation: Text


class Applied(Struct, frozen=True, gc=False):
    """The `RepairApplied` at `index`, for the entry `about`."""

    index: int
    effective_on: date
    about: int


class Decided(Struct, frozen=True, gc=False):
    """The decision at `index`, for the entry `about`, on the application or approval at `on`."""

    index: int
    effective_on: date
    about: int
    on: int
    how: Literal["approved", "refused", "rescinded"]


Repairs: TypeAlias = Linked[Applied | Decided]


def step(
    repairs: Repairs, at: Recorded, event: RepairApplied | RepairApproved | RepairRefused | RepairRescinded
) -> Repairs:
    """The repairs with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, RepairApplied):
        return repairs.put(Applied(index, on, event.entry))
    if isinstance(event, RepairRescinded):
        return repairs.put(Decided(index, on, event.entry, event.approval, "rescinded"))
    how: Literal["approved", "refused"] = "approved" if isinstance(event, RepairApproved) else "refused"
    return repairs.put(Decided(index, on, event.entry, event.application, how))


def decision_on(repairs: Repairs, application: Applied, repudiated: Container[int]) -> Decided | None:
    """The approval or refusal that answered an application; None while it is open."""
    for one in repairs.about(application.about, repudiated):
        if isinstance(one, Decided) and one.on == application.index and one.how != "rescinded":
            return one
    return None


def rescission_of(repairs: Repairs, approval: Decided, repudiated: Container[int]) -> Decided | None:
    """What rescinded an approval; None while it stands."""
    for one in repairs.about(approval.about, repudiated):
        if isinstance(one, Decided) and one.on == approval.index and one.how == "rescinded":
            return one
    return None


def bearing(record: EnterpriseRecord) -> Bearing:
    """Approved repairs until they are rescinded; applications are shown while they are open."""
    repairs, gone = REPAIRS.of(record), record.repudiated
    reliefs: list[Relief] = []
    notes: list[Annotation] = []
    marks: list[Mark] = []
    for index, one in repairs.entries.items():
        marks.append(Mark(one.effective_on, index))
        if index in gone or one.about in gone:
            continue
        if isinstance(one, Applied):
            decided = decision_on(repairs, one, gone)
            until = None if decided is None else decided.effective_on
            notes.append(Annotation(one.about, one.effective_on, "repair.applied", index, until))
        elif one.how == "approved":
            ended = rescission_of(repairs, one, gone)
            reliefs.append(Relief(one.about, one.effective_on, index, None if ended is None else ended.effective_on))
    return Bearing(reliefs=tuple(reliefs), annotations=tuple(notes), bearing=tuple(marks))


REPAIRS: Final[Noun[Repairs]] = Noun("repairs", Linked(), forget=Linked.forget, bearing=bearing)
