"""`spec`: a line of the catalogue, from the stream of its events to the form in which they are said."""

from __future__ import annotations

from typing import Any

from ledger.domain.events.base import Event
from ledger.domain.rules.context import Decide, EventSpec, Form, Who

__all__ = ["spec"]


def spec(
    stream: str, event: type[Event], signers: tuple[Who, ...], decide: Decide, form: Form = "open", **further: Any
) -> EventSpec:
    """`further`: fields of `EventSpec` that are seldom given."""
    return EventSpec(event, frozenset((stream,)), frozenset(signers), form, decide, **further)
