"""What is done with a part of a rebuild: derive the rows of whole streams, and write them into the next tables.

A module of its own, which imports nothing but what that needs: every worker process begins with importing it.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from psycopg import Connection

from ledger.errors import Unavailable
from ledger.limits import PART_WAIT_MS_MAX
from ledger.store.connect import connect, translated
from ledger.store.copy_reader import copy_streams
from projections.db.entry_content import content
from projections.db.queries import NEXT
from projections.engine.enterprise_rows import portray
from projections.engine.tables import Rows
from projections.standing.level_history import follow, without_erased
from projections.standing.policy_timeline import Rules

__all__ = ["REBUILD_ROWS_BYTES_MAX", "PartToFill", "RebuildRun", "begin_filling", "end_filling", "fill_part"]

REBUILD_ROWS_BYTES_MAX: Final = 16 * 1024 * 1024  # rows that a worker holds before it writes them
_NO_PART: Final = -1  # says that its rebuild goes on


class RebuildRun(Struct, frozen=True):
    """What all parts of a rebuild have in common: where, by which rules, as of which tree size. `run` is its name."""

    conninfo: str
    rules: Rules
    size: int
    run: str


class PartToFill(Struct, frozen=True):
    """All enterprises with `first` <= subject < `last` (empty: no end)."""

    number: int
    first: str
    last: str


def fill_part(filling: RebuildRun, part: PartToFill) -> int:
    """Write the rows of a part into the next tables; how many entries it has.

    In one transaction, which says so: a part that another worker did meanwhile is left as it is. Raises `Unavailable`
    where the rebuild is over.
    """
    with (
        translated(),
        connect(filling.conninfo, answer_seconds_max=None) as connection,
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        connection.execute(
            "SET statement_timeout = 0; SET synchronous_commit = off; "
            f"SET lock_timeout = {PART_WAIT_MS_MAX}; SET idle_in_transaction_session_timeout = {PART_WAIT_MS_MAX}"
        )
        done = _begin_part(connection, filling, part)
        if done is not None:
            return done
        rows, entries = Rows(), 0
        for stream in copy_streams(filling.conninfo, part.first, part.last, filling.size):
            events = without_erased([content(row) for row in stream])
            followed = follow(None, events, filling.rules, filling.size)
            assert followed is not None  # a stream has an event
            rows.add_events(events)
            rows.add(portray(followed.course, filling.rules, followed.case), followed.changes)
            entries += len(stream)
            if rows.bytes > REBUILD_ROWS_BYTES_MAX:
                rows.copy(cursor, NEXT)
        rows.copy(cursor, NEXT)
        connection.execute(
            "UPDATE projections.rebuild_parts SET entries = %s WHERE run = %s AND part = %s",
            (entries, filling.run, part.number),
        )
        return entries


def begin_filling(connection: Connection[Any], run: str) -> None:
    """In the transaction that makes the next tables, before it does: nothing that an earlier rebuild left running
    writes into them. It waits for what such a one is at.
    """
    connection.execute("DROP TABLE IF EXISTS projections.rebuild_parts")
    connection.execute(
        "CREATE TABLE projections.rebuild_parts "
        "(run text, part bigint, entries bigint NOT NULL, PRIMARY KEY (run, part))"
    )
    connection.execute("INSERT INTO projections.rebuild_parts VALUES (%s, %s, 0)", (run, _NO_PART))


def end_filling(connection: Connection[Any]) -> None:
    """All parts are done: whoever is still at one writes nothing any more."""
    connection.execute("DROP TABLE IF EXISTS projections.rebuild_parts")


def _begin_part(connection: Connection[Any], filling: RebuildRun, part: PartToFill) -> int | None:
    """How many entries it has, if it is done already. Waits for another worker that is at it, however that ends."""
    mine = connection.execute(
        "INSERT INTO projections.rebuild_parts SELECT run, %s, 0 FROM projections.rebuild_parts "
        "WHERE run = %s AND part = %s ON CONFLICT DO NOTHING",
        (part.number, filling.run, _NO_PART),
    )
    if mine.rowcount:
        return None
    row = connection.execute(
        "SELECT entries FROM projections.rebuild_parts WHERE run = %s AND part = %s", (filling.run, part.number)
    ).fetchone()
    if row is None:
        raise Unavailable("this rebuild is over")
    return int(row[0])
