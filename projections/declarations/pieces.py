"""A section of the declarations through time: a piece wherever its value changes, written ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

import msgspec

from projections.part import Piece

__all__ = ["pieces_of"]

# No floating-point numbers, ASCII keys: sorted keys are all that RFC 8785 asks beyond this encoder.
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def pieces_of(start: date, days: Iterable[date], value_on: Callable[[date], Any]) -> list[Piece]:
    """`value_on(day)` from `start` on; of `days`, the later ones are those on which it may change by time alone."""
    found: list[Piece] = []
    for day in (start, *sorted({day for day in days if start < day < date.max})):
        value = _ENCODE(value_on(day))
        if not found or found[-1].value != value:
            found.append(Piece(day, value))
    return found
