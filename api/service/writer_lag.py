"""How far a process that only reads is behind the writer: by the writer's own checkpoint, asked for once a second.

A standby cannot tell by itself: one that is cut off has replayed all that it received. A writer that does not answer is
no reason to stop reading; what it signed last is compared all the same.
"""

from __future__ import annotations

import logging
import threading
import time

import httpx

from ledger.errors import LedgerError, Refuted
from ledger.limits import READER_BEHIND_SECONDS_MAX, READER_LOOK_SECONDS, READER_LOOK_SECONDS_MAX
from ledger.reading.followed_log import FollowedLog
from ledger.store.contract import Store
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.tlog.vkey import VerifierKey

__all__ = ["WriterLag"]

_LOG = logging.getLogger(__name__)


class WriterLag:
    """`start` it, `stop` it; the rest may be asked from any thread. Without a `writer` nothing is known, or done."""

    def __init__(self, store: Store, head: FollowedLog, writer: str | None) -> None:
        self._store = store
        self._head = head
        self._writer = writer
        self._newest: VerifiedCheckpoint | None = None  # of the writer
        self._goal = 0  # how much the writer held at `_since`
        self._since = time.monotonic()
        self._compared: VerifiedCheckpoint | None = None
        self.forked: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer-lag", daemon=True)

    @property
    def entries(self) -> int | None:
        """How many entries the writer had more when it answered last; None before that."""
        return None if self._newest is None else max(0, self._newest.size - self._head.size)

    def behind(self) -> str | None:
        """Why this process must not answer for the log now; None where it may."""
        size, late = self._head.size, time.monotonic() - self._since
        if size >= self._goal or late <= READER_BEHIND_SECONDS_MAX:
            return None
        return f"the database has not held the {self._goal} entries that the writer had {late:.0f} s ago, but {size}"

    def start(self) -> None:
        if self._writer is not None:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(READER_LOOK_SECONDS_MAX)

    def _run(self) -> None:
        with httpx.Client(timeout=READER_LOOK_SECONDS_MAX) as http:
            while not self._stopping.is_set():
                try:
                    self._look(http)
                except (httpx.HTTPError, LedgerError) as error:
                    _LOG.info("the writer does not say how far it is: %s", error)
                self._stopping.wait(READER_LOOK_SECONDS)

    def _look(self, http: httpx.Client) -> None:
        answer = http.get(f"{self._writer}/checkpoint")
        answer.raise_for_status()
        governance = self._head.governance
        anchors = (governance.anchors, *governance.successions)
        keys = [VerifierKey.parse(one.checkpoint_vkey) for one in anchors if one is not None]
        try:
            newest = open_checkpoint(answer.content, *keys, origin=governance.origin)
        except Refuted as error:
            raise Refuted(f"what answers at {self._writer} is not this log: {error}") from None
        if self._head.size >= self._goal:
            self._goal, self._since = newest.size, time.monotonic()
        self._newest = newest
        self._compare(newest)

    def _compare(self, newest: VerifiedCheckpoint) -> None:
        """One log has one root for a size, whoever is asked."""
        if newest == self._compared or newest.size > self._head.size:
            return
        here = self._store.checkpoint_at(newest.size)
        if here is None or here.root != newest.root:
            self.forked = (
                f"the writer has signed a tree of {newest.size} entries with the root {newest.root.hex()}, "
                "which is none of what this database holds"
            )
            _LOG.error("ALARM: %s", self.forked)
        self._compared = newest
