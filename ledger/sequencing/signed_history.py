"""What this log has signed, and whether the store still holds it.

Known are the newest checkpoint that this process answered for or took in, and the one in the high-water file. The
store is compared with both whenever there is doubt. One that says less, or otherwise, ends appending for this process:
to go on would sign a second history under one name, and only a person can say that the first is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.domain.state.governance import Governance
from ledger.errors import HistoryBroken, LedgerError, Unavailable
from ledger.reading.log_reader import Log
from ledger.sequencing.high_water import HighWater
from ledger.store.contract import CheckpointRow, Store
from ledger.tlog.tree import Edge

__all__ = ["WAY_ON", "History", "SignedTree"]

# What an operator is told, wherever a history does not hold.
WAY_ON: Final = (
    "Bring back the database that has them. Only if they are lost for good: state so in a HistoryGivenUp, and start "
    'with `serve --accept-history FILE` (docs/operations.md, "When the history does not hold")'
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedTree:
    """A tree that was signed: its size in entries, its root (32 bytes)."""

    size: int
    root: bytes


class _Head(Protocol):
    """The state of the log that is compared (`ledger.sequencing.head.Head`)."""

    edge: Edge
    governance: Governance
    checkpoint: CheckpointRow | None


class History:
    """Used by the writer's thread alone; `broken` may be read from, and `end` called by, any thread.

    `file` is None where nothing outlives the process: in tests and simulations.
    """

    def __init__(self, store: Store, file: HighWater | None) -> None:
        self._store = store
        self._file = file
        self._newest: SignedTree | None = None
        self._seen: SignedTree | None = None  # what of the file has been compared already
        self.broken: str | None = None

    @property
    def known(self) -> SignedTree | None:
        """The largest tree that is known to have been signed. Raises `HistoryBroken`, `Unavailable`."""
        kept = self._kept()
        found = [one for one in (self._newest, kept) if one is not None]
        return max(found, key=lambda one: one.size, default=None)

    @contextmanager
    def pen(self) -> Iterator[None]:
        """Be the only one on this machine that signs for the log. Raises `HistoryBroken`, `Unavailable`."""
        self.require()
        if self._file is None:
            yield
            return
        with self._file.pen():
            yield

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def require(self) -> None:
        """Raise `HistoryBroken` once it is."""
        if self.broken is not None:
            raise HistoryBroken(self.broken)

    def end(self, why: str) -> None:
        """Nothing is appended by this process any more."""
        if self.broken is None:
            self.broken = why
            _LOG.error("ALARM: appending has ended: %s", why)

    def ahead(self, size: int) -> bool:
        """Whether another process of this machine has signed more than `size` entries."""
        kept = self._kept()
        return kept is not None and kept.size > size

    def forget_comparisons(self) -> None:
        """The store may be another one than before: compare all again."""
        self._seen = None

    def compare(self, head: _Head) -> None:
        """Raise `HistoryBroken` unless the head, as loaded, goes on from all that is known; `Unavailable`."""
        self.require()
        kept = self._kept()
        for one in {self._newest, kept} - {None, self._seen}:
            assert one is not None  # taken out above
            self._compare(one, head)
        if kept is not None and kept.size > head.edge.size and head.checkpoint is not None:
            self.give_up(head.checkpoint)  # the log says that it is lost; this machine had not heard of it
            kept = SignedTree(head.checkpoint.tree_size, head.checkpoint.root)
        self._seen = kept

    def contest(self, size: int, why: str, head: _Head) -> None:
        """A witness holds `size` entries that the store does not go on from. Raises `HistoryBroken`, unless the log
        says that they are lost."""
        if any(one.lost_size >= size for one in head.governance.given_up):
            return
        self.end(why)
        self.require()

    def keep(self, checkpoint: CheckpointRow | None) -> None:
        """Remember a checkpoint that is durable, before anybody is told of it. Raises `Unavailable`."""
        if checkpoint is None:
            return
        signed = SignedTree(checkpoint.tree_size, checkpoint.root)
        if signed == self._newest:
            return
        if self._file is not None:
            kept = self._kept()
            if kept is None or kept.size < signed.size:
                self._file.keep(checkpoint.note)
                self._seen = signed
        self._newest = signed

    def give_up(self, checkpoint: CheckpointRow) -> None:
        """Go on from `checkpoint`, whatever was signed before: a statement in the log says so. Raises `Unavailable`."""
        if self._file is not None:
            self._file.replace(checkpoint.note)
        self._newest = self._seen = SignedTree(checkpoint.tree_size, checkpoint.root)
        self.broken = None

    def _kept(self) -> SignedTree | None:
        checkpoint = None if self._file is None else self._file.newest()
        return None if checkpoint is None else SignedTree(checkpoint.size, checkpoint.root)

    def _compare(self, known: SignedTree, head: _Head) -> None:
        size = head.edge.size
        if any(one.lost_size == known.size and one.lost_root == known.root.hex() for one in head.governance.given_up):
            return
        if known.size <= size and self._root_at(known.size, head.edge) == known.root:
            return
        has = "is empty" if head.checkpoint is None else f"holds {size} entries, root {head.edge.root().hex()}"
        said = "lacks entries" if known.size > size else "holds another history"
        self.end(
            f"the database {said}: this log signed {known.size} entries, root {known.root.hex()}; the database {has}. "
            "Was an old backup restored, or a copy promoted that was behind? " + WAY_ON
        )
        self.require()

    def _root_at(self, size: int, edge: Edge) -> bytes:
        if size == edge.size:
            return edge.root()
        try:
            return Edge.load(size, Log(self._store).tile).root()
        except Unavailable:
            raise
        except LedgerError:  # tiles that are not there, or not whole
            return b""
