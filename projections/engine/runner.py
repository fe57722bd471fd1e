"""Follows the log and keeps the read models up to date: a batch, its rows and the position in one transaction.

A crash leaves whole batches or nothing of them; the next start goes on from the position. Several processes may
run on one database: whoever holds the lock writes, the others take in what was written, so that each knows which
enterprises changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from eventsourcing.persistence import PersistenceError
from psycopg import Connection, Error

from ledger.domain.events.base import Recorded
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Busy, LedgerError
from ledger.limits import PROJECTION_AFRESH_ENTRIES_MIN, PROJECTION_AFRESH_SHARE
from ledger.reading.feed import Feed
from ledger.store.connect import Database, translated
from projections.engine.batch_projection import COURSES_CACHED_MAX, BatchProjector
from projections.engine.position import Position
from projections.engine.rebuild import Progress, rebuild
from projections.engine.schema import LOCK
from projections.standing.policy_timeline import Rules

__all__ = ["BATCH_EVENTS_MAX", "Runner", "RunnerLimits"]

BATCH_EVENTS_MAX: Final = 2_000
_IDLE_SECONDS: Final = 1.0
_TURN_SECONDS: Final = 0.02
# While statements come in, rest four times as long as a step took: they get the cores, and share the next step.
# Not once half a batch waits: a longer rest would hardly make the step cheaper, and readers would fall behind more
# and more (measured at 3,500 statements a second: 2.4 s after 4 s of it; like this at most 1 s at any time).
_REST_FACTOR: Final = 4.0
_REST_SECONDS_MAX: Final = 0.25
_AGAIN_SECONDS: Final = 1.0
_logger = logging.getLogger(__name__)


class _Stopped(Exception):
    """We are to end while everything is derived again."""


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """How much a runner takes at once and keeps in memory; further than `afresh_min` entries behind, and a share of
    the book, it derives all again."""

    batch_events_max: int = BATCH_EVENTS_MAX
    courses_max: int = COURSES_CACHED_MAX
    afresh_min: int = PROJECTION_AFRESH_ENTRIES_MIN


class Runner:
    """Use as a context manager, or `start` and `stop`. `prepare` has made the tables. Readers see by `progress.py`."""

    def __init__(
        self,
        feed: Feed,
        conninfo: str,
        limits: RunnerLimits = RunnerLimits(),
        *,
        today: Callable[[], date] = lambda: shanghai_date(int(time.time())),
        afresh: Progress = lambda done, total: None,
    ) -> None:
        """`afresh` is told how far it is where all is derived again."""
        self._feed = feed
        self._conninfo = conninfo
        self._afresh_min = limits.afresh_min
        self._afresh = afresh
        self._batch_max = limits.batch_events_max
        self._today = today
        self._extended_on = date.min
        self._follower = BatchProjector(feed, courses_max=limits.courses_max)
        self._database = Database(conninfo, connections_max=2)
        self._position = Position(self._database)
        self._size = 0
        self._loaded = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.failure: str | None = None

    @property
    def size(self) -> int:
        """The tree size up to which the read models hold everything, as far as this process knows."""
        return self._size

    @property
    def behind(self) -> bool:
        """Whether the log has entries that the read models lack. Raises `Unavailable`."""
        return self._feed.size() > self._size

    def rules(self) -> Rules:
        """Policies and campaigns as far as they are known here; may be asked from any thread."""
        return self._follower.rules

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="projections", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the step under way and let go of the database."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._database.close()

    def step(self) -> bool:
        """Move on by one batch, our own or another process's. False where there is nothing new, or it is not our turn.

        Raises `Unavailable`, `Misconfigured`; then nothing of the batch was done, and the next step begins afresh.
        """
        try:
            return self._step()
        except BaseException:
            self._loaded = False
            raise

    def _step(self) -> bool:
        with self._database.pool.connection() as connection:
            written = self._position.within(connection)
        if self._far_behind(written):
            return self._begin_afresh()
        if not self._loaded or written < self._follower.size:
            self._load(written)
            return True
        if written > self._follower.size:
            return self._absorb(written)
        events = self._follower.next_batch(self._batch_max)
        if self._extend(idle=not events):
            return True
        if not events:
            return False
        if self._follower.changes_everybody(events) and not self._reconsider(events):
            return False
        with self._turn() as connection:
            if connection is None:
                return False
            self._follower.write(connection, events)
            if not self._position.move(connection, self._follower.size):
                raise AssertionError("the position moved under the lock")
        self._size = self._follower.size
        return True

    def _far_behind(self, written: int) -> bool:
        """Whether it takes longer to follow what is missing than to derive everything again."""
        logged = self._feed.size()
        return logged - written > max(self._afresh_min, logged // PROJECTION_AFRESH_SHARE)

    def _begin_afresh(self) -> bool:
        """Derive everything again, beside the tables that serve; False where somebody else does, or we are to stop."""

        def told(done: int, total: int) -> None:
            self._afresh(done, total)
            if self._stopping.is_set():
                raise _Stopped

        try:
            size = rebuild(self._conninfo, 0, told)
        except _Stopped:
            return False
        except Busy:
            self._stopping.wait(_AGAIN_SECONDS)
            return False
        _logger.warning("projections: far behind the book, so all %d entries were derived again", size)
        self._loaded = False
        return True

    def _extend(self, *, idle: bool) -> bool:
        """At the turn of the day, and whenever there is nothing else to do: the steps that are due. True if any were.

        Steps are written ahead, so a new day is no work but for those who had too many (`standing_due`).
        """
        today = self._today()
        if not idle and today == self._extended_on:
            return False
        with self._turn() as connection:
            if connection is None:
                return False
            extended = self._follower.extend(connection, today)
        if not extended:
            self._extended_on = today
        return extended > 0

    def _load(self, size: int) -> None:
        self._follower.load(size)
        self._loaded = True
        self._size = size

    def _absorb(self, written: int) -> bool:
        """Take in what somebody else wrote; far behind, it is cheaper to begin afresh."""
        if written - self._follower.size > 10 * self._batch_max:
            self._load(written)
            return True
        events = self._follower.next_batch(min(self._batch_max, written - self._follower.size))
        self._follower.absorb(events)
        self._size = self._follower.size
        return True

    def _reconsider(self, events: list[Recorded]) -> bool:
        """Write everybody's rows anew, in several transactions; False where somebody else does."""
        after = ""
        while not self._stopping.is_set():
            with self._turn() as connection:
                if connection is None:
                    return False
                after = self._follower.reconsider(connection, events, after)
            if not after:
                return True
        return False

    @contextmanager
    def _turn(self) -> Iterator[Connection[Any] | None]:
        """A transaction in which nobody else writes; None where somebody else does, or has moved the position on."""
        with translated(), self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute("SELECT pg_try_advisory_xact_lock(%s) AS held", (LOCK,)).fetchone()
            ours = row is not None and row["held"] and self._position.within(connection) == self._follower.size
            yield connection if ours else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                began, size = time.monotonic(), self._feed.size()
                moved = self.step()
                self.failure = None
                if moved and size < self._feed.size() < self._size + self._batch_max // 2:
                    self._stopping.wait(min(_REST_SECONDS_MAX, _REST_FACTOR * (time.monotonic() - began)))
                elif not moved:
                    size = self._feed.wait(self._follower.size + 1, _IDLE_SECONDS)
                    if size > self._follower.size:
                        self._stopping.wait(_TURN_SECONDS)  # somebody else is at it
            except (LedgerError, PersistenceError, Error) as error:
                self._failed(error)
            except Exception as error:  # a defect: the old rows go on serving, and the operator is told
                _logger.exception("projections cannot go on")
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.failure = f"{type(error).__name__}: {error}"
        _logger.warning("projections: %s", self.failure)
        self._stopping.wait(_AGAIN_SECONDS)

    def __enter__(self) -> Runner:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
