"""What is asked for about an entry, and what is decided on it: objections and repairs are both of this shape.

They are sealed, and kept flat (`indexed_by_entry.py`). A decision answers a request; a rescission answers a decision.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from ledger.domain.state.indexed_by_entry import Linked
from ledger.domain.state.slot import Mark

__all__ = ["Asked", "Decided", "Requests", "decision_on", "in_force", "marks_of"]


class Asked(Struct, frozen=True, gc=False):
    """What was asked for at entry `index`, about the entry `about`."""

    index: int
    effective_on: date
    about: int


class Decided(Struct, frozen=True, gc=False):
    """The decision at `index`, about the entry `about`, on the request (a rescission: the decision) at `on`."""

    index: int
    effective_on: date
    about: int
    on: int
    how: Literal["upheld", "rejected", "approved", "refused", "rescinded"]


Requests: TypeAlias = Linked[Asked | Decided]


def decision_on(requests: Requests, earlier: Asked | Decided, gone: Container[int]) -> Decided | None:
    """What answered a request, or rescinded a decision, and is not in `gone`; None while it is open, or stands."""
    rescission = isinstance(earlier, Decided)
    for one in requests.about(earlier.about, gone):
        if isinstance(one, Decided) and one.on == earlier.index and (one.how == "rescinded") == rescission:
            return one
    return None


def in_force(requests: Requests, gone: Container[int]) -> Iterator[Asked | Decided]:
    """Requests and decisions that are not in `gone`, about entries that are not."""
    for index, one in requests.entries.items():
        if index not in gone and one.about not in gone:
            yield one


def marks_of(requests: Requests) -> tuple[Mark, ...]:
    """All of them, in force or not: each may change what is shown beside its entry."""
    return tuple(Mark(one.effective_on, index) for index, one in requests.entries.items())
