"""The index of events: for each entry its subject, type, issuer and time, so that officers find it without a scan.

Of a sealed entry the type is that of its body, `SEALED` once the body is erased. What a body says is not in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.repudiation import BodyErased

__all__ = ["COLUMNS", "SEALED", "TABLE", "EventRow", "close_erased", "event_rows"]

TABLE: Final = "event_index"
COLUMNS: Final = ("int8", "text", "text", "text", "int8", "bool")
SEALED: Final = "sealed"  # the type of an entry whose body is not there


class EventRow(NamedTuple):
    """A row; `recorded_at` in Unix seconds."""

    entry: int
    subject: str
    type: str
    issuer: str
    recorded_at: int
    sealed: bool


def event_rows(events: Sequence[Recorded]) -> list[EventRow]:
    """A row for each of these, as it is once all of them are known."""
    erased = {at.event.entry for at in events if isinstance(at.event, BodyErased)}
    rows = []
    for at in events:
        closed = type(at.event) is Closed or (erased and at.sealed and at.index in erased)
        said = SEALED if closed else type(at.event).__name__
        rows.append(EventRow(at.index, at.subject, said, at.issuer, at.recorded_at, at.sealed))
    return rows


def close_erased(connection: Connection[Any], suffix: str, events: Sequence[Recorded]) -> None:
    """In the connection's transaction: what these events erase has no type any more, however long ago it was said."""
    erased = [at.event.entry for at in events if isinstance(at.event, BodyErased)]
    if erased:
        update = SQL("UPDATE projections.{} SET type = %s WHERE entry = ANY (%s) AND sealed")
        connection.execute(update.format(Identifier(TABLE + suffix)), (SEALED, erased))
