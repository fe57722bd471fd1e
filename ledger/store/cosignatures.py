"""Cosignatures at rest: what witnesses said of the log's checkpoints, kept for ever.

Whoever puts one here has verified it; reading verifies nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from ledger.store.connect import Database

__all__ = ["CosignatureRow", "Cosignatures", "MemoryCosignatures", "PostgresCosignatures"]


class CosignatureRow(Struct, frozen=True):
    """One signature line on the checkpoint of `tree_size` (C2SP signed-note); `signature` begins with its time."""

    tree_size: int
    name: str
    key_id: bytes
    signature: bytes


class Cosignatures(Protocol):
    """Every method may raise `Unavailable`."""

    def keep(self, row: CosignatureRow) -> None:
        """Make a verified cosignature durable. The first of a key on a checkpoint stays; another is no error.

        Raises `Misconfigured` if there is no checkpoint of that size.
        """

    def between(self, least: int, most: int, limit: int) -> Sequence[CosignatureRow]:
        """Those on checkpoints with least ≤ tree_size ≤ most: the newest `limit`, largest trees first."""


class PostgresCosignatures:
    """`Cosignatures` in `ledger.cosignatures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, row: CosignatureRow) -> None:
        self._database.execute("keep_cosignature", (row.tree_size, row.name, row.key_id, row.signature))

    def between(self, least: int, most: int, limit: int) -> Sequence[CosignatureRow]:
        return [CosignatureRow(*row) for row in self._database.fetch("cosignatures", (least, most, limit))]


class MemoryCosignatures:
    """`Cosignatures` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[int, str, bytes], CosignatureRow] = {}

    def keep(self, row: CosignatureRow) -> None:
        with self._lock:
            self._rows.setdefault((row.tree_size, row.name, row.key_id), row)

    def between(self, least: int, most: int, limit: int) -> Sequence[CosignatureRow]:
        with self._lock:
            found = [row for row in self._rows.values() if least <= row.tree_size <= most]
        found.sort(key=lambda row: (-row.tree_size, row.name, row.key_id))
        return found[:limit]
