"""Breaches of a pledge, found by the organizer after the enterprise was heard, and corrected. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/breach.py`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Final, TypeAlias

from msgspec import Struct

from ledger.domain.events.base import Recorded
from ledger.domain.events.breach import BreachCorrected, BreachFound
from ledger.domain.events.finding import Severity
from ledger.domain.state.indexed_by_entry import IndexedByEntry, slot_by_entry
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Finding, Slot
from ledger.domain.state.step import in_slot

__all__ = ["BREACHES", "STEPS", "Breach", "BreachCorrection", "Breaches", "corrections", "newest", "root_of", "step"]


class Breach(Struct, frozen=True, gc=False):
    """The `BreachFound` at `index`."""

    index: int
    effective_on: date
    code: str
    severity: Severity
    clauses: tuple[str, ...]
    fact_id: str | None
    about: None = None
    void: bool = False


class BreachCorrection(Struct, frozen=True, gc=False):
    """The `BreachCorrected` at `index`, which corrects the entry `about`."""

    index: int
    effective_on: date
    about: int
    void: bool
    severity: Severity
    clauses: tuple[str, ...]
    fact_id: str | None


Entry: TypeAlias = Breach | BreachCorrection
Breaches: TypeAlias = IndexedByEntry[Entry]


def step(breaches: Breaches, at: Recorded, event: BreachFound | BreachCorrected) -> Breaches:
    """The breaches with one more entry."""
    index, on = at.index, event.effective_on
    if isinstance(event, BreachFound):
        return breaches.put(Breach(index, on, event.code, event.severity, event.clauses, event.fact_id))
    return breaches.put(
        BreachCorrection(index, on, event.corrects, event.void, event.severity, event.clauses, event.fact_id)
    )


def root_of(breaches: Breaches, entry: int) -> Breach | None:
    """The breach that the entry is, or corrects; None if it is neither, or what lies between is closed."""
    found = breaches.entries.get(entry)
    while isinstance(found, BreachCorrection):
        if found.about >= found.index:
            return None  # nothing corrects what comes after it
        found = breaches.entries.get(found.about)
    return found


def corrections(breaches: Breaches, breach: Breach) -> Iterator[BreachCorrection]:
    """All corrections of a breach, repudiated ones too; in no order."""
    open_ends = [breach.index]
    while open_ends:
        for one in breaches.about(open_ends.pop()):
            if isinstance(one, BreachCorrection):
                open_ends.append(one.index)
                yield one


def newest(breaches: Breaches, breach: Breach, repudiated: Container[int]) -> Entry:
    """The version that stands: the newest correction that was not repudiated, else the breach itself."""
    standing = [one for one in corrections(breaches, breach) if one.index not in repudiated]
    return max(standing, key=lambda one: one.index, default=breach)


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Breaches of pledges that were made for the public."""
    breaches, gone = BREACHES.of(record), record.repudiated
    found: list[Finding] = []
    conduct: list[DatedEntry] = []
    marks: list[DatedEntry] = []
    for index in entries:
        one = breaches.entries.get(index)
        if one is None:
            continue
        root = root_of(breaches, index)
        pledge = None if root is None else PLEDGES.of(record).coded(root.code)
        if pledge is None or not pledge.is_public(gone):
            continue
        mark = DatedEntry(one.effective_on, index)
        marks.append(mark)
        if not isinstance(one, Breach) or index in gone:
            continue
        stands = newest(breaches, one, gone)
        if stands.void:
            continue
        conduct.append(mark)
        clauses = PLEDGES.of(record).broken(one.code, stands.clauses, gone)
        found.append(Finding(index, one.effective_on, f"breach.found_{stands.severity}", stands.fact_id, clauses))
    return Bearing(tuple(found), conduct=tuple(conduct), bearing=tuple(marks))


BREACHES: Final[Slot[Breaches]] = slot_by_entry("breaches", bearing_of)

STEPS: Final = (
    in_slot(BREACHES, BreachFound, step, bears=True),
    in_slot(BREACHES, BreachCorrected, step, bears=True),
)
