"""Finding events: by subject, type, issuer, time and place in the log, the newest first. For officers' desks.

Time and place alike are a stretch of the log, since entries are recorded in its order: with an index for each of the
other three, a page costs what it shows, however large the book is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ledger.limits import LEAF_INDEX_ASKED_MAX
from projections.db.reads import Reading

__all__ = ["EventHit", "EventPage", "EventQuery", "EventSearch"]

_TIME_MAX: Final = 2**62


class EventHit(NamedTuple):
    """`type` is "sealed" where the body that says it is erased; `recorded_at` in Unix seconds."""

    entry: int
    subject: str
    type: str
    issuer: str
    recorded_at: int
    sealed: bool


class EventPage(NamedTuple):
    """`cursor` is the entry before which the next page begins; None where this is the last."""

    found: list[EventHit]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Empty, or None: whatever it is. Entries and Unix seconds, both ends included; `before` an entry is excluded."""

    subject: str = ""
    type: str = ""
    issuer: str = ""
    recorded_from: int | None = None
    recorded_until: int | None = None
    entry_from: int | None = None
    entry_until: int | None = None
    before: int | None = None


class EventSearch:
    """Reads through the read models."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def page(self, query: EventQuery, limit: int) -> EventPage:
        """Up to `limit` events. Raises `Unavailable`."""
        first, last = self._stretch(query)
        if first > last:
            return EventPage([], None)
        params: dict[str, Any] = {
            "subject": query.subject,
            "type": query.type,
            "issuer": query.issuer,
            "first": first,
            "last": last,
            "limit": limit + 1,
        }
        # Planned for its values: which index is read depends on what was asked for.
        rows = self._reading.rows("events_found", params, prepare=False)
        found = [EventHit(*row) for row in rows[:limit]]
        return EventPage(found, found[-1].entry if len(rows) > limit else None)

    def _stretch(self, query: EventQuery) -> tuple[int, int]:
        """The first and the last entry that may be meant."""
        last = LEAF_INDEX_ASKED_MAX if query.entry_until is None else query.entry_until
        first = query.entry_from or 0
        if query.before is not None:
            last = min(last, query.before - 1)
        if query.recorded_from is not None or query.recorded_until is not None:
            until = _TIME_MAX if query.recorded_until is None else query.recorded_until
            row = self._reading.row("events_recorded", {"from": query.recorded_from or 0, "until": until})
            earliest, latest = (None, None) if row is None else row
            if earliest is None or latest is None:
                return 1, 0
            first, last = max(first, earliest), min(last, latest)
        return first, last
