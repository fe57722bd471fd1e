"""The log's head as a process knows it that only reads: the newest checkpoint, and who may say what there.

It never goes back: a server that holds less than was shown already (another standby, a copy that was promoted) changes
nothing, and one that holds another history is told.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from ledger.domain.state.governance import Governance, evolve_governance
from ledger.errors import LedgerError
from ledger.keys.keyring import Keyring
from ledger.reading.feed import Feed
from ledger.store.contract import CheckpointRow, Store

__all__ = ["FollowedLog"]

_LOG = logging.getLogger(__name__)
_WAIT_SECONDS: Final = 1.0


class FollowedLog:
    """`look` once, then `start` and `stop`; what it holds may be read from any thread: it is replaced whole."""

    def __init__(self, store: Store, feed: Feed) -> None:
        self._store = store
        self._feed = feed
        self.governance = Governance.empty()
        self.keyring = Keyring(self.governance)
        self.checkpoint: CheckpointRow | None = None
        self.fewer: int | None = None  # entries that the database holds, where it held more before
        self.broken: str | None = None
        self._governed = -1  # the index of the last entry that `governance` has
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="followed-log", daemon=True)

    @property
    def size(self) -> int:
        return 0 if self.checkpoint is None else self.checkpoint.tree_size

    def look(self) -> None:
        """Take in what was committed since. Raises `Unavailable`."""
        newest = self._store.latest()
        held = 0 if newest is None else newest.tree_size
        self.fewer = held if held < self.size else None
        if newest is None or self.fewer is not None or self.broken is not None:
            return
        if not self._goes_on(newest):
            return
        governance = self.governance
        for event in self._feed.governing(self._governed):
            if event.index < newest.tree_size:
                governance = evolve_governance(governance, event)
                self._governed = event.index
        if governance is not self.governance:
            self.governance, self.keyring = governance, Keyring(governance)
        self.checkpoint = newest

    def _goes_on(self, newest: CheckpointRow) -> bool:
        """Whether what was shown before is a part of what is stored now; `broken` where it is not."""
        known = self.checkpoint
        if known is None or (known.tree_size == newest.tree_size and known.root == newest.root):
            return True
        there = self._store.checkpoint_at(known.tree_size)
        if there is not None and there.root == known.root:
            return True
        self.broken = (
            f"the database holds another history: this process has shown a tree of {known.tree_size} entries with the "
            f"root {known.root.hex()}, which is none of it. Was a copy promoted that was behind? Where a person has "
            "given that history up, start this process anew"
        )
        _LOG.error("ALARM: %s", self.broken)
        return False

    def start(self) -> None:
        """Follow the log in a thread."""
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._store.wait_for(self.size + 1, _WAIT_SECONDS)
                self.look()
            except LedgerError as error:
                _LOG.warning("cannot see how far the log is: %s", error)
                self._stopping.wait(_WAIT_SECONDS)
