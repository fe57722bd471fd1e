"""What visits add up to: each with its day, its place and what was seen. What may be said is in the rules."""

from __future__ import annotations

from datetime import date
from typing import Final

from immutables import Map
from ledger.domain.events.visit import PremisesVisited
from msgspec import Struct

from ledger.domain.events.base import Recorded
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Slot
from ledger.domain.state.step import in_slot

__all__ = ["STEPS", "VISITS"]


class Visit(Struct, frozen=True, gc=False):
    """The `PremisesVisited` at an entry."""

    effective_on: date
    premises: str
    displayed: bool


Visits = Map[int, Visit]  # by entry


def visited(visits: Visits, at: Recorded, event: PremisesVisited) -> Visits:
    """The visits with one more."""
    return visits.set(at.index, Visit(event.effective_on, event.premises, event.displayed))


def forget(visits: Visits, index: int) -> Visits:
    """As if the entry had always been closed."""
    return visits.delete(index) if index in visits else visits


def bearing(record: EnterpriseRecord) -> Bearing:
    """On record as conduct; no policy has a rule for it, so it costs nothing and lifts nothing."""
    visits = VISITS.of(record)
    marks = tuple(
        DatedEntry(visits[index].effective_on, index) for index in sorted(visits) if index not in record.repudiated
    )
    return Bearing(conduct=marks, bearing=marks)


VISITS: Final[Slot[Visits]] = Slot("visits", Map(), forget=forget, bearing=bearing)

STEPS: Final = (in_slot(VISITS, PremisesVisited, visited, bears=True),)
