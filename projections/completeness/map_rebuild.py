"""Derive the map again from the book, beside the tables that serve, and put it in their place: the same bytes.

Nothing but two sizes is taken from the old tables: of the root that proofs are served under, and of the newest cut.
A crash leaves the old tables serving, and a half-filled set beside them, which the next rebuild throws away.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.limits import MAP_STEP_ENTRIES_MAX
from ledger.reading.feed import Feed
from ledger.store.connect import connect, translated
from ledger.store.postgres import PostgresStore
from projections.completeness.map_cuts import go_on
from projections.completeness.map_tables import LOCK, MapTables, prepare_map
from projections.db.queries import NEXT

__all__ = ["rebuild_map"]

Progress = Callable[[int, int], None]  # entries done, entries in all


def rebuild_map(
    conninfo: str,
    progress: Progress = lambda done, total: None,
    *,
    step_max: int = MAP_STEP_ENTRIES_MAX,
) -> int:
    """The size of the newest cut, which is the one that there was. Raises `Unavailable`, `Misconfigured`."""
    prepare_map(conninfo)
    with translated(), connect(conninfo, answer_seconds_max=None) as connection, PostgresStore.open(conninfo) as store:
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning")
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # the runner waits; gone with the connection
        feed, tables, before = Feed(store), MapTables(NEXT), MapTables().state(connection)
        with connection.transaction():
            tables.create(connection)

        def fill(target: int, *, published: bool) -> None:
            with connection.transaction():
                tables.begin(connection, target, published)
            size = -1
            while size != target:
                with connection.transaction():
                    size = go_on(tables, connection, feed, step_max=step_max).size
                progress(size, target)

        if before.kept_size:
            fill(before.kept_size, published=False)
        fill(before.target, published=bool(before.kept_size))
        with connection.transaction():
            tables.rename(connection)
        return before.target
