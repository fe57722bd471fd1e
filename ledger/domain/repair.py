"""Credit repair (信用修复): applied for by the enterprise, decided by the body that made the record. All sealed.

First what is said, then what it adds up to; what may be said is in `repair_rules.py`. A repair ends what an entry costs
from its date on; the entry stays, and counted before.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.domain.event import Digest, EntryIndex, Event, Recorded, Text
from ledger.domain.linked import Linked
from ledger.domain.noun import Annotation, Bearing, Noun, Relief
from ledger.domain.record import EnterpriseRecord
from ledger.domain.request import Asked, Decided, Requests, decision_on, in_force, marks_of

__all__ = ["REPAIRS", "RepairApplied", "RepairApproved", "RepairRefused", "RepairRescinded", "step"]


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


def step(
    repairs: Requests, at: Recorded, event: RepairApplied | RepairApproved | RepairRefused | RepairRescinded
) -> Requests:
    """The repairs with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, RepairApplied):
        return repairs.put(Asked(index, on, event.entry))
    if isinstance(event, RepairRescinded):
        return repairs.put(Decided(index, on, event.entry, event.approval, "rescinded"))
    how: Literal["approved", "refused"] = "approved" if isinstance(event, RepairApproved) else "refused"
    return repairs.put(Decided(index, on, event.entry, event.application, how))


def bearing(record: EnterpriseRecord) -> Bearing:
    """Approved repairs until they are rescinded; applications are shown while they are open."""
    repairs, gone = REPAIRS.of(record), record.repudiated
    reliefs: list[Relief] = []
    notes: list[Annotation] = []
    for one in in_force(repairs, gone):
        if isinstance(one, Asked):
            decided = decision_on(repairs, one, gone)
            until = None if decided is None else decided.effective_on
            notes.append(Annotation(one.about, one.effective_on, "repair.applied", one.index, until))
        elif one.how == "approved":
            ended = decision_on(repairs, one, gone)
            until = None if ended is None else ended.effective_on
            reliefs.append(Relief(one.about, one.effective_on, one.index, until))
    return Bearing(reliefs=tuple(reliefs), annotations=tuple(notes), bearing=marks_of(repairs))


REPAIRS: Final[Noun[Requests]] = Noun("repairs", Linked(), forget=Linked.forget, bearing=bearing)
