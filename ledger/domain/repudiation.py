"""What a party disowns, what is somebody else's, and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from ledger.domain.enterprise_state import Repudiation
from ledger.domain.event import EntryIndex, Event, Line, Recorded
from ledger.domain.record import About, EnterpriseRecord

__all__ = ["BodyErased", "EntryMisattributed", "StatementRepudiated", "erased", "repudiated"]


class StatementRepudiated(Event, frozen=True, kw_only=True, tag="StatementRepudiated"):
    """An organizer records, with the party's word, that the entry was not the party's statement."""

    entry: EntryIndex
    word: Line


class EntryMisattributed(Event, frozen=True, kw_only=True, tag="EntryMisattributed"):
    """An organizer records, with the party's word, that the entry is about somebody else: `belongs_to`, if known."""

    entry: EntryIndex
    word: Line
    belongs_to: Line | None = None


class BodyErased(Event, frozen=True, kw_only=True, tag="BodyErased"):
    """A data officer had the body of a sealed entry of this stream destroyed; no proof changes.

    `on_record`: it was the last thing on record about the enterprise's conduct, and that there was something stays
    known: otherwise its standing would turn from NORMAL to "no record".
    """

    entry: EntryIndex
    ground: Line
    on_record: bool = False


def repudiated(
    record: EnterpriseRecord, at: Recorded, event: StatementRepudiated | EntryMisattributed
) -> tuple[EnterpriseRecord, About]:
    """What is repudiated or misattributed stays in the other fields of the record: readers leave it out."""
    how: Literal["repudiated", "misattributed"] = (
        "misattributed" if isinstance(event, EntryMisattributed) else "repudiated"
    )
    repudiation = Repudiation(at.index, event.effective_on, how)
    return replace(record, repudiated=record.repudiated.set(event.entry, repudiation)), None


def erased(record: EnterpriseRecord, at: Recorded, event: BodyErased) -> tuple[EnterpriseRecord, About]:
    """That it was erased; `folding.py` takes out what the entry had put in."""
    on_record = record.on_record.set(at.index, event.effective_on) if event.on_record else record.on_record
    return replace(record, erased=record.erased.set(event.entry, at.index), on_record=on_record), None
