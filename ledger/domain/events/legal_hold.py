"""Legal holds: while one lasts, no body or attachment that it covers is erased. Open statements of the data officer.

Here is what is said, and what it adds up to; what may be said is in `ledger/domain/rules/legal_hold.py`.
"""

from __future__ import annotations

from ledger.domain.events.base import EntryIndex, Event, Line

__all__ = ["LegalHoldPlaced", "LegalHoldReleased"]


class LegalHoldPlaced(Event, frozen=True, kw_only=True, tag="LegalHoldPlaced"):
    """Nothing behind entry `entry` of this stream is destroyed (None: behind any, later ones too), by `authority`."""

    entry: EntryIndex | None = None
    authority: Line
    document_no: Line | None = None
    ground: Line


class LegalHoldReleased(Event, frozen=True, kw_only=True, tag="LegalHoldReleased"):
    """The hold that the entry `hold` placed is over."""

    hold: EntryIndex
    ground: Line
