"""`Step`: how one type of event changes the record of an enterprise, and what of that matters to readers.

Each noun's file has its own, under `STEPS`; `fold.py` has the table of all, and takes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from ledger.domain.events.base import Event, Recorded
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Slot

__all__ = ["Step", "in_slot", "on_record"]

State = TypeVar("State")


class Step(NamedTuple):
    """What one type of event does to a record.

    `evolve(state, recorded, event)` gives the next state of `slot`; with `slot` None the record itself is the state.

    Make one by `in_slot` or `on_record`, which see to the types. `bears`: it may change a standing. `textual`: readers
    show its words, so they are kept beside the record. `shows`: what pages say of pledges and other nouns may differ
    from its day on.
    """

    event: type[Event]
    slot: Slot[Any] | None
    evolve: Callable[[Any, Recorded, Any], Any]
    bears: bool = False
    textual: bool = False
    shows: bool = True


def in_slot(
    slot: Slot[State],
    event: type[Event],
    evolve: Callable[[State, Recorded, Any], State],
    *,
    bears: bool = False,
    textual: bool = False,
    shows: bool = True,
) -> Step:
    """The step of a noun's event: `evolve` gives the very state back where what the event is about is closed."""
    return Step(event, slot, evolve, bears, textual, shows)


def on_record(
    event: type[Event], evolve: Callable[[EnterpriseRecord, Recorded, Any], EnterpriseRecord], *, bears: bool = False
) -> Step:
    """The step of an event that says something about another entry, whatever its noun."""
    return Step(event, None, evolve, bears)
