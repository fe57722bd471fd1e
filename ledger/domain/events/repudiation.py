"""What a party disowns, what is somebody else's, and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from ledger.domain.events.base import EntryIndex, Event, Line, PaperEvidence

__all__ = ["BodyErased", "EntryMisattributed", "StatementRepudiated"]


class StatementRepudiated(Event, frozen=True, kw_only=True, tag="StatementRepudiated"):
    """The party that is said to have made the entry's statement disowns it, by another officer, or the root does."""

    entry: EntryIndex
    word: Line


class EntryMisattributed(Event, frozen=True, kw_only=True, tag="EntryMisattributed"):
    """The entry is about somebody else: `belongs_to`, if known. An organizer names the paper that says so."""

    entry: EntryIndex
    word: Line
    belongs_to: Line | None = None
    evidence: PaperEvidence | None = None


class BodyErased(Event, frozen=True, kw_only=True, tag="BodyErased"):
    """A data officer had the body of a sealed entry of this stream destroyed; no proof changes.

    `on_record`: it was the last thing on record about the enterprise's conduct, and that there was something stays
    known: otherwise its standing would turn from NORMAL to "no record".
    """

    entry: EntryIndex
    ground: Line
    on_record: bool = False
