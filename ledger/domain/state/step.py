"""`Step`: how one type of event changes the record of an enterprise, and what of that matters to readers.

Each noun's file has its own, under `STEPS`; `fold.py` has the table of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from ledger.domain.events.base import Event, Recorded
from ledger.domain.state.record import About, EnterpriseRecord
from ledger.domain.state.slot import Slot

__all__ = ["Evolve", "Step", "in_slot"]

State = TypeVar("State")
Evolve = Callable[[EnterpriseRecord, Recorded, Any], tuple[EnterpriseRecord, About]]


class Step(NamedTuple):
    """`evolve(record, recorded, event)` gives the record with one more `event`, and what that is about.

    `bears`: it may change a standing. `textual`: readers show its words, so they are kept beside the record. `slot`:
    where the state lies that it changes, and which forgets it.
    """

    event: type[Event]
    evolve: Evolve
    bears: bool = False
    textual: bool = False
    slot: Slot[Any] | None = None


def in_slot(
    slot: Slot[State],
    event: type[Event],
    evolve: Callable[[State, Recorded, Any], State],
    *,
    bears: bool = False,
    textual: bool = False,
) -> Step:
    """The step of an event whose state lies in `slot`: `evolve(state, recorded, event)` gives the slot's next state."""

    def evolve_record(record: EnterpriseRecord, at: Recorded, said: Event) -> tuple[EnterpriseRecord, About]:
        state = evolve(slot.of(record), at, said)
        return replace(record, nouns=record.nouns.set(slot.key, state)), None

    return Step(event, evolve_record, bears, textual, slot)
