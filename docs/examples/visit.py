"""Visits: an organizer looked whether the pledge hangs where customers see it. The example of docs/contributing.md."""

from __future__ import annotations

from datetime import date
from typing import Final

from immutables import Map
from msgspec import Struct

from ledger.domain.events.base import Event, Line, Recorded
from ledger.domain.rules.context import Context, UniqueFact
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import of_noun
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Slot
from ledger.errors import Refused

__all__ = ["EVENTS", "VISITS", "PremisesVisited"]


class PremisesVisited(Event, frozen=True, kw_only=True, tag="PremisesVisited"):
    """An organizer visited `premises`; `displayed`: whether the pledge hung where customers see it."""

    premises: Line
    displayed: bool


class Visit(Struct, frozen=True, gc=False):
    """The `PremisesVisited` at an entry."""

    effective_on: date
    premises: str
    displayed: bool


Visits = Map[int, Visit]  # by entry


def visited(visits: Visits, at: Recorded, event: PremisesVisited) -> Visits:
    """Evolve: the visits with one more."""
    return visits.set(at.index, Visit(event.effective_on, event.premises, event.displayed))


def visit(record: EnterpriseRecord | None, event: PremisesVisited, ctx: Context) -> tuple[UniqueFact, ...]:
    """Decide: once a day at the same premises."""
    record = require_registered(record, ctx)
    for index, one in VISITS.of(record).items():
        same = one.premises == event.premises and one.effective_on == event.effective_on
        if same and index not in record.repudiated:
            raise Refused(
                "visit.twice_a_day",
                f"当日已登记对该场所的走访: 第 {index} 条记录",
                f"a visit to these premises on that day is recorded already, by entry {index}",
                event.premises,
            )
    return ()


def _forget(visits: Visits, index: int) -> Visits:
    """As if the entry had always been closed."""
    return visits.delete(index) if index in visits else visits


def _bearing(record: EnterpriseRecord) -> Bearing:
    """On record as conduct; no policy has a rule for it, so it costs nothing and lifts nothing."""
    visits = VISITS.of(record)
    marks = tuple(
        DatedEntry(visits[index].effective_on, index) for index in sorted(visits) if index not in record.repudiated
    )
    return Bearing(conduct=marks, bearing=marks)


VISITS: Final[Slot[Visits]] = Slot("visits", Map(), forget=_forget, bearing=_bearing)

EVENTS: Final = (of_noun(VISITS, PremisesVisited, ("organizer",), visit, visited, bears=True),)
