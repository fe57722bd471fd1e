"""Finding events: by subject, type, issuer, time and place in the log, the newest first. For officers' desks.

Time and place alike are a stretch of the log, since entries are recorded in its order: a time is found by bisection.
With indexes for the other three a page costs what it shows, however large the book is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ledger.limits import LEAF_INDEX_ASKED_MAX
from projections.db.reads import Reading

__all__ = ["EventHit", "EventPage", "EventQuery", "EventSearch", "statement_for"]

_NAMED: Final = ("subject", "type", "issuer")


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
        params: dict[str, Any] = {"first": first, "last": last, "limit": limit + 1}
        params |= {name: value for name in _NAMED if (value := getattr(query, name)) or query.subject}
        rows = self._reading.rows(statement_for(query), params)
        found = [EventHit(*row) for row in rows[:limit]]
        return EventPage(found, found[-1].entry if len(rows) > limit else None)

    def _stretch(self, query: EventQuery) -> tuple[int, int]:
        """The first and the last entry that may be meant."""
        last = LEAF_INDEX_ASKED_MAX if query.entry_until is None else query.entry_until
        first = query.entry_from or 0
        if query.before is not None:
            last = min(last, query.before - 1)
        if query.recorded_from is not None or query.recorded_until is not None:
            newest = self._reading.row("events_newest", {})
            entries = range(0 if newest is None else newest[0] + 1)
            if query.recorded_from is not None:
                first = max(first, bisect_left(entries, query.recorded_from, key=self._recorded_at))
            if query.recorded_until is not None:
                last = min(last, bisect_right(entries, query.recorded_until, key=self._recorded_at) - 1)
        return first, last

    def _recorded_at(self, entry: int) -> int:
        """When it was recorded; the times of entries never decrease."""
        row = self._reading.row("event_recorded", {"entry": entry})
        return 0 if row is None else row[0]


def statement_for(query: EventQuery) -> str:
    """The name of the statement that reads the index which tells most of it."""
    if query.subject:
        return "events_found_about"
    if query.issuer:
        return "events_found_by_of_type" if query.type else "events_found_by"
    return "events_found_of_type" if query.type else "events_found"
