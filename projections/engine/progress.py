"""How far the read models are, as seen by a process that reads them but does not write them.

Looks at the position while it lags behind the log, and waits for the log's own notification while it does not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from ledger.errors import LedgerError
from ledger.limits import PROJECTION_LAG_ENTRIES_MAX, PROJECTION_LAG_SECONDS_MAX
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from projections.db.reads import Reading
from projections.standing.policy_timeline import Rules

__all__ = ["Watch"]

_logger = logging.getLogger(__name__)

_BEHIND_SECONDS: Final = 0.02
_IDLE_SECONDS: Final = 1.0


class Watch:
    """`start` it, `stop` it; the rest may be asked from any thread."""

    def __init__(self, feed: Feed, conninfo: str, told: Callable[[int, int], None] | None = None) -> None:
        """`told(log size, read models' size)` is called in the watching thread as often as either is looked at."""
        self._feed = feed
        self._database = Database(conninfo, connections_max=1)
        self._reading = Reading(self._database)
        self._moved = threading.Condition()
        self._size = 0
        self._told = told
        self._rules = Rules.none()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.failure: str | None = None
        self._logged = 0  # how much the book held at the last look
        self._goal = 0  # how much it held at `_since`
        self._since = self._looked = time.monotonic()
        self._reached = False  # what the book held at the start

    @property
    def size(self) -> int:
        """The tree size up to which the read models hold everything."""
        return self._size

    def rules(self) -> Rules:
        """Policies and campaigns at `size`."""
        return self._rules

    def wait_for(self, size: int, timeout: float) -> int:
        """Wait until the read models have come to tree size `size`, at most `timeout` seconds; how far they are."""
        with self._moved:
            self._moved.wait_for(lambda: self._size >= size or self._stopping.is_set(), timeout)
            return self._size

    def behind(self) -> str | None:
        """Why nothing may be signed, dumped, or said to be unknown from the read models now; None where it may."""
        now, size = time.monotonic(), self._size
        if not self._reached:
            return f"the read models hold {size} of the {self._goal} entries that the book had at the start"
        if now - self._looked > PROJECTION_LAG_SECONDS_MAX:
            return f"for {now - self._looked:.0f} s nobody could see how far the read models are"
        if self._logged - size > PROJECTION_LAG_ENTRIES_MAX:
            return f"the read models are {self._logged - size} entries behind the book"
        if size < self._goal and now - self._since > PROJECTION_LAG_SECONDS_MAX:
            return f"the read models have held {size} entries for {now - self._since:.0f} s, the book {self._logged}"
        return None

    def _measure(self, logged: int) -> None:
        self._logged, self._looked = logged, time.monotonic()
        if self._size >= self._goal:
            self._reached = True
            self._goal, self._since = logged, self._looked

    def start(self) -> None:
        """Look once, then go on in a thread. Raises `Unavailable`."""
        self._look()
        self._goal = self._feed.size()
        self._measure(self._goal)
        self._thread = threading.Thread(target=self._run, name="projections", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._moved:
            self._moved.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._database.close()

    def _look(self) -> None:
        row = self._reading.row("progress", {})
        size = 0 if row is None else int(row[0])
        if size == self._size:
            return
        known = self._size
        rules = self._rules
        if size < known:  # made anew
            self._since = time.monotonic()
            known, rules = 0, Rules.none()
        news = [at for at in self._feed.governing(known - 1) if at.index < size]
        with self._moved:
            self._rules = rules.after(news) if news else rules
            self._size = size
            self._moved.notify_all()

    def _tell(self, log_size: int) -> None:
        if self._told is not None:
            self._told(log_size, self._size)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self.failure = None
                logged = self._feed.size()
                self._tell(logged)
                self._measure(logged)
                if logged > self._size:
                    self._stopping.wait(_BEHIND_SECONDS)
                else:
                    self._tell(self._feed.wait(self._size + 1, _IDLE_SECONDS))
            except LedgerError as error:
                self.failure = str(error)
                _logger.warning("cannot see how far the projections are: %s", error)
                self._stopping.wait(_IDLE_SECONDS)
