"""Re-reading what is stored, in idle time: disks forget, and an entry that nobody asks for is missed by nobody.

A sweep goes through the log from its first entry: each statement against its leaf hash, each full tile against the
statements, and in the end the tree against its signed checkpoint. What it finds is for a person; it changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from ledger.errors import LedgerError
from ledger.limits import SCRUB_AGAIN_SECONDS, SCRUB_PAUSE_SECONDS, TILE_WIDTH
from ledger.store.contract import CheckpointRow, Store
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge

__all__ = ["Scrubber"]

_LOG = logging.getLogger(__name__)
_FOUND_MAX: Final = 10


class Scrubber:
    """The thread that reads what is stored again.

    `start` it, `stop` it; the rest may be read from any thread. `busy` says whether there is other work to do.

    `scrubbed`: entries read in the sweep under way; `sweeps`: how many came to their end; `found`: what the sweep
    under way and the last whole one found, in words, the first few.
    """

    def __init__(self, store: Store, busy: Callable[[], bool]) -> None:
        self._store = store
        self._busy = busy
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scrubber", daemon=True)
        self._before: tuple[str, ...] = ()
        self._now: list[str] = []
        self.scrubbed = 0
        self.sweeps = 0

    @property
    def found(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._before, *self._now)))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def sweep(self, pause_seconds: float = 0.0) -> None:
        """Read the whole log once. Raises `Unavailable`; stops half-way when told to stop."""
        newest = self._store.latest()
        self.scrubbed, self._now, edge = 0, [], Edge.empty()
        size = 0 if newest is None else newest.tree_size
        while edge.size < size:
            if self._stopping.wait(pause_seconds):
                return
            if pause_seconds and self._busy():
                continue
            edge = self._step(edge, min(size, edge.size + TILE_WIDTH))
            self.scrubbed = edge.size
        if newest is not None:
            self._compare(edge, newest)
        self._before, self._now = tuple(self._now), []
        self.sweeps += 1

    def _step(self, edge: Edge, stop: int) -> Edge:
        statements = self._store.statements(range(edge.size, stop))
        kept = {row.index: row.leaf_hash for row in self._store.leaves(edge.size, stop)}
        leaves: list[bytes] = []
        for index in range(edge.size, stop):
            statement = statements.get(index)
            leaf = bytes(32) if statement is None else leaf_hash(statement)
            if statement is None:
                self._tell(f"entry {index} is missing")
            elif kept.get(index) != leaf:
                self._tell(f"entry {index} does not hash to its leaf")
            leaves.append(leaf)
        growth = edge.grow(leaves)
        tiles = self._store.tiles([(tile.level, tile.number) for tile in growth.tiles])
        for tile in growth.tiles:
            if tiles.get((tile.level, tile.number)) != tile.hashes:
                self._tell(f"tile {tile.level}/{tile.number} is not that of the entries")
        return growth.edge

    def _compare(self, edge: Edge, checkpoint: CheckpointRow) -> None:
        if edge.root() != checkpoint.root:
            self._tell(f"the {edge.size} entries do not hash to the root that was signed")

    def _tell(self, what: str) -> None:
        if len(self._now) < _FOUND_MAX and what not in self._now:
            self._now.append(what)
            if what not in self._before:
                _LOG.error('ALARM: what is stored is damaged: %s (docs/operations.md, "Damaged storage")', what)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep(SCRUB_PAUSE_SECONDS)
            except LedgerError as error:
                _LOG.warning("the stored log cannot be read through: %s", error)
            except Exception:
                _LOG.exception("scrubber: a defect; going on")
            self._stopping.wait(SCRUB_AGAIN_SECONDS)
