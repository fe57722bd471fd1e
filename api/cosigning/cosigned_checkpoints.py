"""What the log shows of its witnesses: checkpoints with their cosignatures, and proofs up to those with a quorum.

Read from the store at each question, so that every process of the service shows the same.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from ledger.errors import NotFound
from ledger.limits import TREE_SIZE_MAX
from ledger.reading.log_reader import Log
from ledger.store.contract import CheckpointRow, Store
from ledger.store.cosignatures import CosignatureRow
from ledger.tlog.note import Signature, format_signature
from ledger.tlog.tlog_proof import TlogProof, format_proof
from ledger.tlog.witness_policy import Policy

__all__ = ["CosignedCheckpoint", "Published"]

_ROWS: Final = 4_096


class CosignedCheckpoint(NamedTuple):
    """A checkpoint with the cosignatures that it has: its note, and by whom of the policy it is cosigned."""

    tree_size: int
    note: bytes
    witnesses: tuple[str, ...]


class Published:
    """Thread-safe. Every method may raise `Unavailable`, and `NotFound` where there is nothing yet."""

    def __init__(self, store: Store, log: Log, policy: Policy | None) -> None:
        self._store = store
        self._log = log
        self.policy = policy
        self._names = {} if policy is None else {(w.key.name, w.key.key_id): w.name for w in policy.witnesses}
        self._lock = threading.Lock()
        self._floor: int | None = None  # no checkpoint below this one is the newest with a quorum

    def newest(self) -> CosignedCheckpoint:
        """The newest checkpoint, with the cosignatures collected so far: it never lags behind the log."""
        row = self._store.latest()
        if row is None:
            raise NotFound("the log is empty")
        return self._noted(row, self._cosignatures(row.tree_size, row.tree_size) if self._names else ())

    def witnessed(self) -> CosignedCheckpoint:
        """The newest checkpoint that has the quorum of the policy."""
        if self.policy is None:
            raise NotFound("this log has no policy of witnesses")
        if not self.policy.demands:
            return self.newest()
        with self._lock:
            floor = self._floor
        if floor is None:
            found = self._search(0, all_of_them=True)
        else:
            found = self._search(floor) or self._search(floor, floor)
        if found is None:
            raise NotFound("no checkpoint has the quorum of witnesses yet")
        with self._lock:
            self._floor = max(found.tree_size, self._floor or 0)
        return found

    def proof(self, index: int) -> bytes:
        """The C2SP tlog-proof of an entry in the newest tree that has the quorum."""
        head = self.witnessed()
        if index >= head.tree_size:
            raise NotFound(f"entry {index} is not in a tree that has the quorum of witnesses yet: {head.tree_size} are")
        path = self._log.inclusion(index, head.tree_size)
        return format_proof(TlogProof(index, tuple(path), head.note))

    def _search(self, least: int, most: int = TREE_SIZE_MAX, *, all_of_them: bool = False) -> CosignedCheckpoint | None:
        """The largest tree from `most` down to `least` that has the quorum.

        Looks at the newest `_ROWS` cosignatures only, unless at `all_of_them`: trees beyond that without a quorum
        are those of a long outage, which nobody must wait for at each question.
        """
        assert self.policy is not None  # `witnessed` looked
        while True:
            rows = self._cosignatures(least, most)
            cut = rows[-1].tree_size if len(rows) == _ROWS else -1  # its rows may be more than those read
            for size, lines in groupby(rows, key=lambda row: row.tree_size):
                kept = [line for line in lines if self._named(line) is not None]
                if size != cut and self.policy.reached({self._names[line.name, line.key_id] for line in kept}):
                    row = self._store.checkpoint_at(size)
                    return None if row is None else self._noted(row, kept)
            if cut < 0 or not all_of_them:
                return None
            most = min(cut, most - 1)

    def _cosignatures(self, least: int, most: int) -> Sequence[CosignatureRow]:
        return self._store.cosignatures.between(least, most, _ROWS)

    def _named(self, row: CosignatureRow) -> str | None:
        return self._names.get((row.name, row.key_id))

    def _noted(self, row: CheckpointRow, lines: Sequence[CosignatureRow]) -> CosignedCheckpoint:
        """The log's note with the lines of the policy's witnesses, in the policy's order."""
        by_name = {self._named(line): line for line in lines}
        found = [(name, by_name[name]) for name in self._names.values() if name in by_name]
        added = [format_signature(Signature(line.name, line.key_id, line.signature)) for _, line in found]
        return CosignedCheckpoint(row.tree_size, b"".join((row.note, *added)), tuple(name for name, _ in found))
