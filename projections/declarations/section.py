"""What a noun brings to the read models: a section of an enterprise's declarations, and rows in tables of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from projections.standing import Case
from projections.standing.level_history import LevelHistory

__all__ = ["DatedValue", "Section", "no_rows", "pieces_of"]

Tables = Mapping[str, Sequence[tuple[Any, ...]]]


class DatedValue(NamedTuple):
    """A JSON value in canonical form (RFC 8785) that holds from `from_on` until the day of the next piece."""

    from_on: date
    value: bytes


def no_rows(course: LevelHistory, case: Case) -> Tables:
    """For parts without tables of their own."""
    return {}


class Section(NamedTuple):
    """Asked only about enterprises with a state under `noun`.

    `pieces(course, case)` are the values of the key `section`, in the order of their days, the first from
    `course.told_on`; none at all where the section is not to be there. `tables`: PostgreSQL types of the columns by
    table, in the order of `schema.sql`; each has a column `subject`. `rows(course, case)` are rows by table.
    """

    noun: str
    section: str
    pieces: Callable[[LevelHistory, Case], Sequence[DatedValue]]
    tables: Mapping[str, Sequence[str]] = {}
    rows: Callable[[LevelHistory, Case], Tables] = no_rows


# No floating-point numbers, ASCII keys: sorted keys are all that RFC 8785 asks beyond this encoder.
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def pieces_of(start: date, days: Iterable[date], value_on: Callable[[date], Any]) -> list[DatedValue]:
    """`value_on(day)` from `start` on; of `days`, the later ones are those on which it may change by time alone."""
    found: list[DatedValue] = []
    for day in (start, *sorted({day for day in days if start < day < date.max})):
        value = _ENCODE(value_on(day))
        if not found or found[-1].value != value:
            found.append(DatedValue(day, value))
    return found
