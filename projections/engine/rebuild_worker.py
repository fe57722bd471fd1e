"""What the worker processes of a rebuild do: derive the rows of whole streams, and write them into the next tables.

A module of its own, which imports nothing but what that needs: every worker process begins with importing it.
"""

from __future__ import annotations

import gc
from typing import Final

from ledger.store.connect import connect, translated
from ledger.store.copy_reader import copy_streams
from projections.db.entry_content import content
from projections.db.queries import NEXT
from projections.engine.enterprise_rows import portray
from projections.engine.tables import Rows
from projections.standing.level_history import follow, without_erased
from projections.standing.policy_timeline import Rules

__all__ = ["REBUILD_ROWS_BYTES_MAX", "Worker", "begin_worker", "fill_part", "wake"]

REBUILD_ROWS_BYTES_MAX: Final = 16 * 1024 * 1024  # rows that a worker holds before it writes them


class Worker:
    """Derives the rows of some enterprises as of tree size `size`, and writes them into the next set of tables."""

    def __init__(self, conninfo: str, rules: Rules, size: int) -> None:
        self._conninfo = conninfo
        self._rules = rules
        self._size = size

    def fill(self, first: str, last: str) -> int:
        """For all enterprises with `first` <= subject < `last` (empty: no end); how many entries they have."""
        rows, entries = Rows(), 0
        with (
            translated(),
            connect(self._conninfo, answer_seconds_max=None) as connection,
            connection.cursor() as cursor,
        ):
            connection.execute("SET statement_timeout = 0; SET synchronous_commit = off")
            for stream in copy_streams(self._conninfo, first, last, self._size):
                events = without_erased([content(row) for row in stream])
                followed = follow(None, events, self._rules, self._size)
                assert followed is not None  # a stream has an event
                rows.add_events(events)
                rows.add(portray(followed.course, self._rules, followed.case), followed.changes)
                entries += len(stream)
                if rows.bytes > REBUILD_ROWS_BYTES_MAX:
                    rows.copy(cursor, NEXT)
            rows.copy(cursor, NEXT)
        return entries


_worker: Worker


def begin_worker(conninfo: str, rules: Rules, size: int) -> None:
    """In a new process, before its first part."""
    global _worker  # noqa: PLW0603  (one per process)
    _worker = Worker(conninfo, rules, size)
    gc.freeze()
    gc.set_threshold(50_000)  # streams come and go; looking for cycles among them finds none


def wake() -> None:
    """Nothing: but for it, the processes begin."""


def fill_part(first: str, last: str) -> int:
    """See `Worker.fill`."""
    return _worker.fill(first, last)
