"""Makes cuts of the map, one after the other: at an interval, and only where the log has grown by more than roots.

Runs in the process of the projections. Several processes may run on one database: whoever holds the lock works.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from psycopg import Connection, Error

from ledger.errors import LedgerError
from ledger.limits import MAP_INTERVAL_SECONDS, MAP_STEP_ENTRIES_MAX
from ledger.reading.feed import Feed
from ledger.store.connect import connect, translated
from ledger.store.contract import Store
from projections.completeness.map_cuts import begin_cut, go_on, worth_a_cut
from projections.completeness.map_tables import LOCK, MapState, MapTables

__all__ = ["MapRunner"]

_IDLE_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 5.0
_logger = logging.getLogger(__name__)


class MapRunner:
    """Use as a context manager, or call `step`. `prepare_map` has made the tables. `clock` gives Unix seconds."""

    def __init__(
        self,
        store: Store,
        conninfo: str,
        clock: Callable[[], int],
        *,
        interval_seconds: int = MAP_INTERVAL_SECONDS,
        step_max: int = MAP_STEP_ENTRIES_MAX,
    ) -> None:
        self._store = store
        self._feed = Feed(store)
        self._conninfo = conninfo
        self._clock = clock
        self._interval = interval_seconds
        self._step_max = step_max
        self._tables = MapTables()
        self._connection: Connection[Any] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin a cut where one is due, or go one step further; False where there is nothing to do, or others do it.

        Raises `Unavailable`, `Misconfigured`; then nothing of the step was done.
        """
        try:
            with translated(), self._turn() as connection:
                return connection is not None and self._step(connection)
        except LedgerError:
            self._let_go()
            raise

    def _step(self, connection: Connection[Any]) -> bool:
        state = self._tables.state(connection)
        if state.size == state.target:
            size = self._feed.size()
            if not self._due(state) or not worth_a_cut(self._feed, state, size):
                return False
            begin_cut(self._tables, connection, self._feed, size)
        after = go_on(self._tables, connection, self._feed, step_max=self._step_max)
        if after.complete:
            _logger.info("completeness map: %d entries of %d subjects", after.size, after.subjects)
        return True

    def _due(self, state: MapState) -> bool:
        """Whether the last cut is old enough: as old as the last entry in it."""
        checkpoint = self._store.checkpoint_covering(state.size - 1) if state.size else None
        return checkpoint is None or self._clock() - checkpoint.recorded_at >= self._interval

    @contextmanager
    def _turn(self) -> Iterator[Connection[Any] | None]:
        """A transaction in which nobody else writes; None where somebody else does."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._conninfo, answer_seconds_max=None)
            self._connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        with self._connection.transaction():
            row = self._connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
            yield self._connection if row is not None and row[0] else None

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self.step():
                    self._stopping.wait(_IDLE_SECONDS)
            except (LedgerError, Error) as error:
                _logger.warning("completeness map: %s", error)
                self._stopping.wait(_AGAIN_SECONDS)
            except Exception:  # a defect: proofs under the last root go on being served, and the operator is told
                _logger.exception("the completeness map cannot go on")
                self._let_go()
                self._stopping.wait(_AGAIN_SECONDS)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="completeness-map", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._let_go()
