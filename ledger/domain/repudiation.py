"""What a party disowns, and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from ledger.domain.enterprise_state import Repudiation
from ledger.domain.event import Event, Line, Recorded
from ledger.domain.record import About, EnterpriseRecord

__all__ = ["BodyErased", "StatementRepudiated", "erased", "repudiated"]

EntryIndex = Annotated[int, Meta(ge=0)]


class StatementRepudiated(Event, frozen=True, kw_only=True, tag="StatementRepudiated"):
    """An organizer records, with the party's word, that the entry was not the party's statement."""

    entry: EntryIndex
    word: Line


class BodyErased(Event, frozen=True, kw_only=True, tag="BodyErased"):
    """A data officer had the body of a sealed entry of this stream destroyed; no proof changes."""

    entry: EntryIndex
    ground: Line


def repudiated(record: EnterpriseRecord, at: Recorded, event: StatementRepudiated) -> tuple[EnterpriseRecord, About]:
    """What is repudiated stays in the other fields of the record: readers leave it out."""
    repudiation = Repudiation(at.index, event.effective_on)
    return replace(record, repudiated=record.repudiated.set(event.entry, repudiation)), None


def erased(record: EnterpriseRecord, at: Recorded, event: BodyErased) -> tuple[EnterpriseRecord, About]:
    """That it was erased; `folding.py` takes out what the entry had put in."""
    return replace(record, erased=record.erased.set(event.entry, at.index)), None
