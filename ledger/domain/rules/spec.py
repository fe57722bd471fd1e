"""Lines of the catalogue: `spec` for any stream, `of_noun` for events of enterprises whose state lies under a noun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ledger.domain.events.base import Event, Recorded
from ledger.domain.rules.context import Decide, EventSpec, Evolve, Form, Who
from ledger.domain.state.fold_steps import in_noun
from ledger.domain.state.slot import Slot

__all__ = ["of_noun", "spec"]

State = TypeVar("State")


def spec(
    stream: str,
    event: type[Event],
    signers: tuple[Who, ...],
    decide: Decide,
    evolve: Evolve | None = None,
    form: Form = "open",
    **further: Any,
) -> EventSpec:
    """`further`: fields of `EventSpec` that are seldom given."""
    return EventSpec(event, frozenset((stream,)), frozenset(signers), form, decide, evolve, **further)


def of_noun(
    noun: Slot[State],
    event: type[Event],
    signers: tuple[Who, ...],
    decide: Decide,
    evolve: Callable[[State, Recorded, Any], State],
    form: Form = "open",
    **further: Any,
) -> EventSpec:
    """Of an event whose state lies under `noun`: `evolve(state, recorded, event)` gives the noun's next state."""
    return spec("enterprise", event, signers, decide, in_noun(noun, evolve), form, noun=noun, **further)
