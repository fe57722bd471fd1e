"""Derive everything again, beside the tables that serve, and put it in their place.

Streams are read whole, one enterprise after the other, by worker processes that share out the subjects: what is in
memory is one stream and the rows not yet written. The rows come from the same functions as those of `runner.py`.
A crash leaves the old tables serving and a half-filled set beside them, which the next rebuild throws away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from psycopg import Connection
from psycopg.errors import LockNotAvailable

from ledger.domain.events.base import Recorded
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Busy
from ledger.limits import PART_ENTRIES_MAX, PARTS_PER_PROCESS_MIN
from ledger.parallel.engine import Engine, Here
from ledger.parallel.process_pool import ProcessEngine
from ledger.reading.feed import Feed
from ledger.store.connect import Database, connect, translated
from ledger.store.copy_reader import split_streams
from ledger.store.postgres import PostgresStore
from projections.engine.batch_projection import BatchProjector
from projections.engine.position import Position
from projections.engine.rebuild_worker import PartToFill, RebuildRun, begin_filling, end_filling, fill_part
from projections.engine.schema import LOCK, NEXT, create_tables, drop_tables, index_tables_apart, prepare, swap_in
from projections.engine.tables import Rows, write_progress
from projections.standing.policy_timeline import Rules

__all__ = ["Progress", "rebuild"]

_REBUILD_LOCK: Final = LOCK + 1
_SWAP_WAIT_BEYOND_MS: Final = 500
_SWAP_TRIES_MAX: Final = 60
_CATCH_UP_EVENTS: Final = 2_000

Progress = Callable[[int, int], None]  # entries done, entries in all


def rebuild(
    conninfo: str,
    workers: int = 2,
    progress: Progress = lambda done, total: None,
    *,
    engine: Engine | None = None,
) -> int:
    """Fill a fresh set of tables from the whole book and swap it in; the tree size that it holds.

    The old tables serve meanwhile, and a running `Runner` goes on writing them. `engine` works on the parts, without
    one `workers` processes are spawned (call it from a module that can be imported); with 0 the calling thread does it
    all. What `progress` raises ends it. Raises `Busy` where another rebuild runs, `Unavailable`, `PartLost`.
    """
    if engine is None and workers:
        with ProcessEngine(workers) as processes:
            return rebuild(conninfo, progress=progress, engine=processes)
    engine = engine or Here()
    engine.prepare(fill_part)
    with _alone(conninfo) as connection, PostgresStore.open(conninfo) as store:
        feed = Feed(store)
        size = feed.size()
        governing = [at for at in feed.governing() if at.index < size]
        filling = RebuildRun(conninfo, Rules.none().after(governing), size, uuid4().hex)
        prepare(conninfo)
        with connection.transaction():
            begin_filling(connection, filling.run)
            drop_tables(connection, NEXT)
            create_tables(connection, NEXT)
        ranges, done = split_streams(conninfo, _parts(engine, size)), 0
        parts = [PartToFill(number, *one) for number, one in enumerate(ranges)]
        for entries in engine.run(fill_part, filling, parts):
            done += entries
            progress(done, size)
        end_filling(connection)
        _index_governing(connection, governing)
        index_tables_apart(conninfo, NEXT)
        follower = BatchProjector(feed, NEXT)
        follower.load(size)
        _catch_up(connection, follower, until=feed.size())
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # runners wait from here on
        _catch_up(connection, follower, until=feed.size())
        for row in store.entries(follower.size - 1, 1) if follower.size else ():
            write_progress(connection, NEXT, shanghai_date(row.recorded_at))
        follower.write_governing(connection)
        _swap(conninfo, connection, follower.size)
        progress(follower.size, follower.size)
        return follower.size


def _index_governing(connection: Connection[Any], governing: Sequence[Recorded]) -> None:
    """Workers read the streams of enterprises; what the others say is to be found by officers, too."""
    rows = Rows()
    rows.add_events(governing)
    with connection.transaction(), connection.cursor() as cursor:
        rows.copy(cursor, NEXT)


def _swap(conninfo: str, connection: Connection[Any], size: int) -> None:
    """Readers wait for the renaming, and it for them: a long reader makes us try again, not everybody wait.

    Each time we wait longer than PostgreSQL takes to look for who is in the way: then it ends an autovacuum, of which
    one on tables just filled takes very long.
    """
    row = connection.execute("SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'").fetchone()
    assert row is not None  # it always has one
    wait_ms = row[0] + _SWAP_WAIT_BEYOND_MS
    connection.execute(f"SET lock_timeout = {wait_ms}")
    with Database(conninfo, connections_max=1) as database:
        position = Position(database)
        for attempt in range(_SWAP_TRIES_MAX):
            try:
                with connection.transaction():
                    swap_in(connection)
                    if position.within(connection) < size:
                        position.move(connection, size)
                return
            except LockNotAvailable:
                if attempt + 1 == _SWAP_TRIES_MAX:
                    raise
                time.sleep(wait_ms / 1000)


@contextmanager
def _alone(conninfo: str) -> Iterator[Connection[Any]]:
    with translated(), connect(conninfo, answer_seconds_max=None) as connection:
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0")
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_REBUILD_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise Busy("rebuild", 60)
        yield connection


def _parts(engine: Engine, size: int) -> int:
    return max(engine.processes * PARTS_PER_PROCESS_MIN, 1 + size // PART_ENTRIES_MAX)


def _catch_up(connection: Connection[Any], follower: BatchProjector, until: int) -> None:
    while follower.size < until:
        events = follower.next_batch(min(_CATCH_UP_EVENTS, until - follower.size))
        with connection.transaction():
            if follower.changes_everybody(events):
                after = follower.reconsider(connection, events, "")
                while after:
                    after = follower.reconsider(connection, events, after)
            follower.write(connection, events)
