"""What a party disowns, and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ledger.domain.event import Event, Line

EntryIndex = Annotated[int, Meta(ge=0)]


class StatementRepudiated(Event, frozen=True, kw_only=True, tag="StatementRepudiated"):
    """An organizer records, with the party's word, that the entry was not the party's statement."""

    entry: EntryIndex
    word: Line


class BodyErased(Event, frozen=True, kw_only=True, tag="BodyErased"):
    """A data officer had the body of a sealed entry of this stream destroyed; no proof changes."""

    entry: EntryIndex
    ground: Line
