"""Marks (专用标识): licensed to a live pledge, suspended, reinstated, revoked, misused.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/mark.py`, when a licence holds
in `licence_periods.py`, the serials of a licence in `ledger/domain/values/mark_serials.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.mark import By, MarkLicensed, MarkMisuseFound, MarkReinstated, MarkRevoked, MarkSuspended
from ledger.domain.state.finding import is_annulled
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Hold, Slot
from ledger.domain.state.step import in_slot

__all__ = ["MARKS", "STEPS", "counting_misuses"]


class LicenceChange(Struct, frozen=True, gc=False):
    """The suspension, reinstatement or revocation at `index`: the licence is in `state` from `effective_on`."""

    index: int
    effective_on: date
    state: Literal["suspended", "valid", "revoked"]


class Licence(Struct, frozen=True, gc=False):
    """The `MarkLicensed` at `index`, with what was said of it since, in log order."""

    index: int
    effective_on: date
    pledge: str
    range: str
    count: int
    valid_from: date
    valid_until: date
    turns: tuple[LicenceChange, ...] = ()


class Misuse(Struct, frozen=True, gc=False):
    """The `MarkMisuseFound` at `index`."""

    index: int
    effective_on: date
    by: By
    range: str | None
    fact_id: str | None


class Marks(Struct, frozen=True):
    """Licences by range, findings of misuse by entry. Only the latter are sealed, and can be forgotten."""

    licences: Map[str, Licence] = Map()
    misuses: Map[int, Misuse] = Map()


def licensed(marks: Marks, at: Recorded, event: MarkLicensed) -> Marks:
    licence = Licence(
        at.index, event.effective_on, event.pledge, event.range, event.count, event.valid_from, event.valid_until
    )
    return replace(marks, licences=marks.licences.set(event.range, licence))


def suspended(marks: Marks, at: Recorded, event: MarkSuspended) -> Marks:
    return _turned(marks, event.range, LicenceChange(at.index, event.effective_on, "suspended"))


def reinstated(marks: Marks, at: Recorded, event: MarkReinstated) -> Marks:
    return _turned(marks, event.range, LicenceChange(at.index, event.effective_on, "valid"))


def revoked(marks: Marks, at: Recorded, event: MarkRevoked) -> Marks:
    return _turned(marks, event.range, LicenceChange(at.index, event.effective_on, "revoked"))


def misused(marks: Marks, at: Recorded, event: MarkMisuseFound) -> Marks:
    misuse = Misuse(at.index, event.effective_on, event.by, event.range, event.fact_id)
    return replace(marks, misuses=marks.misuses.set(at.index, misuse))


def forget(marks: Marks, index: int) -> Marks:
    """As if the finding at `index` had always been closed."""
    return replace(marks, misuses=marks.misuses.delete(index)) if index in marks.misuses else marks


def _turned(marks: Marks, range_: str, turn: LicenceChange) -> Marks:
    licence = marks.licences.get(range_)
    if licence is None:  # the rules see to it that there is one
        return marks
    return replace(marks, licences=marks.licences.set(range_, replace(licence, turns=(*licence.turns, turn))))


def counting_misuses(record: EnterpriseRecord) -> list[Misuse]:
    """Misuse by the licensee, neither repudiated nor annulled. That by third parties never counts."""
    return _counting(record, MARKS.of(record).misuses)


def _counting(record: EnterpriseRecord, entries: Iterable[int]) -> list[Misuse]:
    misuses, gone = MARKS.of(record).misuses, record.repudiated
    found = [misuses[entry] for entry in entries if entry in misuses and entry not in gone]
    standing = [one for one in found if one.by == "licensee" and not is_annulled(record, one.index)]
    return sorted(standing, key=lambda one: one.index)


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Misuse by the licensee holds the level, for as long as the policy's rule has it."""
    misuses = _counting(record, entries)
    marks = tuple(DatedEntry(one.effective_on, one.index) for one in misuses)
    holds = tuple(Hold(one.index, one.effective_on, "mark.misused") for one in misuses)
    return Bearing(holds=holds, conduct=marks, bearing=marks)


def bearing(record: EnterpriseRecord) -> Bearing:
    """What all findings of misuse bring."""
    return bearing_of(record, MARKS.of(record).misuses)


MARKS: Final[Slot[Marks]] = Slot(
    "marks", Marks(), forget=forget, bearing=bearing, bearing_of=bearing_of, about=lambda marks, entry: None
)

STEPS: Final = (
    in_slot(MARKS, MarkLicensed, licensed, textual=True),
    in_slot(MARKS, MarkSuspended, suspended, textual=True),
    in_slot(MARKS, MarkReinstated, reinstated),
    in_slot(MARKS, MarkRevoked, revoked, textual=True),
    in_slot(MARKS, MarkMisuseFound, misused, bears=True),
)
