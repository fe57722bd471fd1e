"""Reading the log fast: one COPY in binary, decoded row by row. For rebuilds, in worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from psycopg.sql import SQL

from ledger.store.connect import connect, translated
from ledger.store.contract import EntryRow

__all__ = ["copy_entries", "copy_streams", "split_streams"]

_ROWS: Final = 4_096
_SAMPLES_PER_PART: Final = 128  # one in so many entries tells where a part ends, to about a tenth of its size
_TYPES: Final = ("int8", "text", "int8", "text", "bytea", "int8", "bytea")
_COPY: Final = SQL(
    "COPY ("
    "SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body "
    "FROM ledger.entries e "
    "LEFT JOIN ledger.vault v ON e.commitment IS NOT NULL AND v.leaf_index = e.notification_id - 1 "
    "WHERE e.notification_id > {start} AND e.notification_id <= {stop} ORDER BY e.notification_id"
    ") TO STDOUT (FORMAT BINARY)"
)

_ENTERPRISES: Final = SQL(
    "e.originator_id NOT IN ('policy', 'map', 'access') AND NOT starts_with(e.originator_id, 'party:') "
    "AND NOT starts_with(e.originator_id, 'campaign:')"
)
_COPY_STREAMS: Final = SQL(
    "COPY ("
    "SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, v.body "
    "FROM ledger.entries e "
    # Of an entry without a commitment the key is null, and its body is not looked for.
    "LEFT JOIN ledger.vault v ON v.leaf_index = CASE WHEN e.commitment IS NOT NULL THEN e.notification_id - 1 END "
    "WHERE e.originator_id >= {first} AND (e.originator_id < {last} OR {last} = '') "
    "AND e.notification_id <= {size} AND {enterprises} "
    "ORDER BY e.originator_id, e.originator_version"
    ") TO STDOUT (FORMAT BINARY)"
)
_SPLIT: Final = SQL(
    "SELECT max(originator_id) FROM ("
    "SELECT e.originator_id, ntile(%(parts)s::int) OVER (ORDER BY e.originator_id) AS part "
    "FROM generate_series(1, (SELECT max(notification_id) FROM ledger.entries), "
    "(SELECT greatest(1, max(notification_id) / (%(parts)s::int * {samples})) FROM ledger.entries)) AS sample (id) "
    "JOIN ledger.entries e ON e.notification_id = sample.id WHERE {enterprises}"
    ") AS parts WHERE part < %(parts)s::int GROUP BY part"
).format(enterprises=_ENTERPRISES, samples=_SAMPLES_PER_PART)


def copy_entries(conninfo: str, start: int, stop: int) -> Iterator[list[EntryRow]]:
    """Entries with index in [start, stop) in order, with bodies, in lists. Raises `Unavailable`."""
    with translated(), connect(conninfo, answer_seconds_max=None) as connection, connection.cursor() as cursor:
        # No time limit: the reader sets the pace. One walk along the index, with a look into the vault per sealed
        # entry: sorts and hashes would spill, parallel workers cost more in handing rows over than they gain.
        connection.execute(
            "SET statement_timeout = 0; SET enable_sort = off; SET enable_hashjoin = off; "
            "SET max_parallel_workers_per_gather = 0"
        )
        with cursor.copy(_COPY.format(start=start, stop=stop)) as copy:
            copy.set_types(_TYPES)
            rows: list[EntryRow] = []
            for row in copy.rows():
                rows.append(EntryRow(*row))
                if len(rows) == _ROWS:
                    yield rows
                    rows = []
            if rows:
                yield rows


def copy_streams(conninfo: str, first: str, last: str, size: int) -> Iterator[list[EntryRow]]:
    """Whole streams of enterprises below tree size `size`, one after the other, each in a list of its own.

    Those with `first` <= subject < `last` by code point; an empty `last` stands for no end. Raises `Unavailable`.
    """
    with translated(), connect(conninfo, answer_seconds_max=None) as connection, connection.cursor() as cursor:
        # As in `copy_entries`.
        connection.execute(
            "SET statement_timeout = 0; SET enable_sort = off; SET enable_hashjoin = off; "
            "SET max_parallel_workers_per_gather = 0"
        )
        with cursor.copy(_COPY_STREAMS.format(first=first, last=last, size=size, enterprises=_ENTERPRISES)) as copy:
            copy.set_types(_TYPES)
            stream: list[EntryRow] = []
            for row in copy.rows():
                if stream and row[1] != stream[0].subject:
                    yield stream
                    stream = []
                stream.append(EntryRow(*row))
            if stream:
                yield stream


def split_streams(conninfo: str, parts: int) -> list[tuple[str, str]]:
    """Ranges for `copy_streams` that together hold all enterprises, with about as many entries each."""
    with translated(), connect(conninfo, answer_seconds_max=None) as connection:
        connection.execute("SET statement_timeout = 0")
        rows = connection.execute(_SPLIT, {"parts": parts}).fetchall()
    edges = ["", *sorted({row[0] for row in rows}), ""]
    return [(first, last) for first, last in pairwise(edges) if first < last or not last]
