"""What is asked for about an entry, and what is decided on it: objections and repairs are both of this shape.

They are sealed, and kept flat (`indexed_by_entry.py`). A decision answers a request; a rescission answers a decision.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from ledger.domain.state.indexed_by_entry import IndexedByEntry
from ledger.domain.state.slot import DatedEntry

__all__ = ["Petition", "PetitionDecision", "Requests", "decision_on", "in_force", "marks_of", "those_at"]


class Petition(Struct, frozen=True, gc=False):
    """What was asked for at entry `index`, about the entry `about`."""

    index: int
    effective_on: date
    about: int


class PetitionDecision(Struct, frozen=True, gc=False):
    """The decision at `index`, about the entry `about`, on the request (a rescission: the decision) at `on`."""

    index: int
    effective_on: date
    about: int
    on: int
    how: Literal["upheld", "rejected", "approved", "refused", "rescinded"]


Requests: TypeAlias = IndexedByEntry[Petition | PetitionDecision]


def decision_on(
    requests: Requests, earlier: Petition | PetitionDecision, gone: Container[int]
) -> PetitionDecision | None:
    """What answered a request, or rescinded a decision, and is not in `gone`; None while it is open, or stands."""
    rescission = isinstance(earlier, PetitionDecision)
    for one in requests.about(earlier.about, gone):
        if isinstance(one, PetitionDecision) and one.on == earlier.index and (one.how == "rescinded") == rescission:
            return one
    return None


def those_at(requests: Requests, entries: Iterable[int]) -> list[Petition | PetitionDecision]:
    """The requests and decisions among some entries."""
    found = (requests.entries.get(entry) for entry in entries)
    return [one for one in found if one is not None]


def in_force(
    some: Iterable[Petition | PetitionDecision], gone: Container[int]
) -> Iterator[Petition | PetitionDecision]:
    """Those of them that are not in `gone`, about entries that are not."""
    for one in some:
        if one.index not in gone and one.about not in gone:
            yield one


def marks_of(some: Iterable[Petition | PetitionDecision]) -> tuple[DatedEntry, ...]:
    """All of them, in force or not: each may change what is shown beside its entry."""
    return tuple(DatedEntry(one.effective_on, one.index) for one in some)
