"""A database as the source of an audit: its tables as they are, all in one snapshot.

Worker processes share the snapshot of the first connection, so that a running service changes nothing under them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed

from ledger.audit.sources.source import AnnexFound, EntryFound, GoverningFound, LeafFound, StreamRange
from ledger.limits import TILE_WIDTH
from ledger.store.connect import connect, translated
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.store.cosignatures import CosignatureRow

__all__ = ["DatabaseSource", "Snapshot"]

_FETCHED: Final = 2_000
_DIGEST: Final = "substr(sha256(convert_to(kind, 'UTF8') || '\\x00'::bytea || convert_to(key, 'UTF8')), 1, 16)"
_GOVERNING: Final = SQL(
    "(e.originator_id IN ('policy', 'map', 'access') OR starts_with(e.originator_id, 'party:') "
    "OR starts_with(e.originator_id, 'campaign:'))"
)
_STREAMS: Final = SQL(
    "SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, e.leaf_hash, "
    "e.recorded_at, e.commitment, v.leaf_index, v.commitment, v.body, v.public "
    "FROM ledger.entries e LEFT JOIN ledger.vault v ON v.leaf_index = e.notification_id - 1 "
    "WHERE {kind} AND e.originator_id >= {first} AND ({last} = '' OR e.originator_id < {last}) "
    "AND e.notification_id IS NOT NULL "
    "ORDER BY e.originator_id, e.originator_version, e.notification_id"
)
_SPLIT: Final = SQL(
    "SELECT max(originator_id) FROM (SELECT e.originator_id, ntile({parts}) OVER (ORDER BY e.originator_id) AS part "
    "FROM ledger.entries e WHERE {kind} AND e.notification_id % {step} = 0) AS parts GROUP BY part"
)
_SAMPLES_PER_PART: Final = 128
_numbers = count(1)


class Snapshot(NamedTuple):
    """Where the database is, and the snapshot that the first connection keeps open."""

    conninfo: str
    snapshot: str

    def open(self) -> DatabaseSource:
        with translated():
            connection = connect(self.conninfo, answer_seconds_max=None)
            connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(self.snapshot))
        return DatabaseSource(connection)


class DatabaseSource:
    """Reads on one connection, inside a transaction that the caller or `begin` has begun."""

    def __init__(self, connection: Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    @classmethod
    def begin(cls, conninfo: str) -> tuple[DatabaseSource, Snapshot]:
        """Connect, and take the snapshot that others can share while this one is open."""
        with translated():
            connection = connect(conninfo, answer_seconds_max=None)
            connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None  # a function's result
        return cls(connection), Snapshot(conninfo, row[0])

    @property
    def tables(self) -> bool:
        return True

    @property
    def timed(self) -> bool:
        return True

    @property
    def connection(self) -> Connection[tuple[Any, ...]]:
        return self._connection

    def checkpoints(self) -> Iterator[CheckpointRow]:
        for row in self._rows(
            "SELECT tree_size, previous_size, root, recorded_at, note, receipt_protected, receipt_signature "
            "FROM ledger.checkpoints ORDER BY tree_size, previous_size"
        ):
            yield CheckpointRow(*row)

    def leaves(self) -> Iterator[LeafFound]:
        for row in self._rows(
            "SELECT notification_id - 1, sha256('\\x00'::bytea || state), leaf_hash, recorded_at, "
            "originator_id IS NOT NULL FROM ledger.entries WHERE notification_id IS NOT NULL ORDER BY notification_id"
        ):
            yield LeafFound(row[0], row[1], row[2] or b"", row[3], row[4])

    def tiles(self) -> Iterator[tuple[int | None, int | None, bytes | None]]:
        yield from self._rows("SELECT level, number, hashes FROM ledger.tiles ORDER BY level, number")

    def tile(self, level: int, number: int, width: int = TILE_WIDTH) -> bytes | None:
        if width < TILE_WIDTH:
            return None
        query = "SELECT hashes FROM ledger.tiles WHERE level = %s AND number = %s"
        row = self._connection.execute(query, (level, number)).fetchone()
        return None if row is None else row[0]

    def governing(self) -> Iterator[GoverningFound]:
        query = SQL(
            "SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.recorded_at, e.state, v.body "
            "FROM ledger.entries e LEFT JOIN ledger.vault v ON v.leaf_index = e.notification_id - 1 "
            "WHERE {kind} AND e.state IS NOT NULL AND e.notification_id IS NOT NULL ORDER BY e.notification_id"
        ).format(kind=_GOVERNING)
        for row in self._rows(query):
            yield GoverningFound(*row)

    def parts(self, governing: bool, count: int) -> Sequence[StreamRange]:
        rows = self._connection.execute("SELECT coalesce(max(notification_id), 0) FROM ledger.entries").fetchall()
        step = max(1, rows[0][0] // (count * _SAMPLES_PER_PART))
        query = _SPLIT.format(parts=count, kind=_kind(governing), step=step)
        edges = sorted({row[0] for row in self._connection.execute(query).fetchall() if row[0] is not None})[:-1]
        return [StreamRange(governing, first, last) for first, last in pairwise(["", *edges, ""])]

    def streams(self, part: StreamRange) -> Iterator[list[EntryFound]]:
        query = _STREAMS.format(kind=_kind(part.governing), first=part.first, last=part.last)
        stream: list[EntryFound] = []
        for row in self._rows(query):
            if stream and row[1] != stream[0].subject:
                yield stream
                stream = []
            vault = None if row[8] is None else (row[8], row[9], row[10], row[11])
            index, subject, version, topic, statement, leaf_hash, recorded_at, commitment = row[:8]
            stream.append(
                EntryFound(
                    index, subject, version, topic, statement, leaf_hash, recorded_at, commitment, vault, kept=True
                )
            )
        if stream:
            yield stream

    def cosignatures(self) -> Iterator[CosignatureRow]:
        for row in self._rows(
            "SELECT tree_size, name, key_id, signature FROM ledger.cosignatures "
            "ORDER BY tree_size DESC NULLS LAST, name, key_id"
        ):
            yield CosignatureRow(*row)

    def facts(self) -> Iterator[tuple[int, bytes]]:
        # A row that names no fact or no entry gets a digest or an index that none has.
        query = (
            "SELECT get_byte(record, 0), string_agg(record, ''::bytea) FROM (SELECT "  # noqa: S608
            f"coalesce({_DIGEST}, decode(repeat('00', 16), 'hex')) || int8send(coalesce(leaf_index, -1)) AS record "
            "FROM ledger.unique_facts) AS facts GROUP BY 1 ORDER BY 1"
        )
        yield from self._rows(query, at_once=1)

    def subjects(self) -> Iterator[LeafRow]:
        for row in self._rows(
            "SELECT notification_id - 1, originator_id, sha256('\\x00'::bytea || state) FROM ledger.entries "
            "WHERE notification_id IS NOT NULL AND originator_id IS NOT NULL AND state IS NOT NULL "
            "ORDER BY notification_id"
        ):
            yield LeafRow(*row)

    def fact_named(self, digest: bytes) -> str:
        query = f"SELECT kind, key FROM ledger.unique_facts WHERE {_DIGEST} = %s LIMIT 1"  # noqa: S608
        row = self._connection.execute(query, (digest,)).fetchone()
        return digest.hex() if row is None else " ".join(row)

    def annexes(self, named: Sequence[bytes]) -> Iterator[AnnexFound]:
        for row in self._rows(
            "SELECT digest, sha256(content), octet_length(content)::bigint, leaf_index, media_type FROM ledger.annexes"
        ):
            yield AnnexFound(row[0] or b"", row[1] or b"", row[2] or 0, row[3], row[4], True)

    def close(self) -> None:
        self._connection.close()

    def _rows(self, query: LiteralString | Composed | str, at_once: int = _FETCHED) -> Iterator[tuple[Any, ...]]:
        """Streamed through a cursor of the server, so that other reads can go on meanwhile."""
        with (
            translated(),
            self._connection.cursor(f"audit_{next(_numbers)}", row_factory=tuple_row) as cursor,
        ):
            cursor.itersize = at_once
            yield from cursor.execute(query, binary=True)


def _kind(governing: bool) -> SQL | Composed:
    return _GOVERNING if governing else SQL("NOT {}").format(_GOVERNING)
