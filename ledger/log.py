"""The log as read: tiles, entry bundles, proofs and receipts, made from what the store holds.

Full tiles are stored; partial ones derive from leaf hashes and from the full tiles below them. A full tile
never changes, so the roots of full tiles are kept in a bounded cache.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from ledger.cose.receipt import encode_receipt
from ledger.errors import NotFound
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.store.port import CheckpointRow, Store
from ledger.tlog.hashing import node_hash
from ledger.tlog.proof import consistency_proof, inclusion_proof
from ledger.tlog.tiles import TileReader, encode_bundle

__all__ = ["Log"]

_TILES_CACHED_MAX: Final = 4_096  # 32 MiB of full tiles
_HASH_BYTES: Final = 32


class Log:
    """Reads of the tree at any size that has a checkpoint. Thread-safe; may raise `Unavailable`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes (32 bytes each) of a tile. Raises `NotFound` where the log is shorter."""
        full = self._full_tile(level, number)
        if full is not None:
            return full[: width * _HASH_BYTES]
        first = number * TILE_WIDTH
        if level == 0:
            hashes = self._store.leaf_hashes(first, first + width)
        else:
            hashes = [self._tile_root(level - 1, child) for child in range(first, first + width)]
        if len(hashes) != width:
            raise NotFound(f"tile {level}/{number} has no {width} hashes yet")
        return b"".join(hashes)

    def bundle(self, number: int, width: int) -> bytes:
        """The entry bundle over the same leaves as tile 0/`number` (C2SP tlog-tiles, "Log entries")."""
        rows = self._store.entries(number * TILE_WIDTH, width)
        if len(rows) != width:
            raise NotFound(f"entry bundle {number} has no {width} entries yet")
        return encode_bundle([row.statement for row in rows])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of leaf `index` in the tree of `size` leaves (RFC 9162 §2.1.3)."""
        return inclusion_proof(index, size, TileReader(self.tile, size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The consistency proof between two sizes (RFC 9162 §2.1.4)."""
        return consistency_proof(old, new, TileReader(self.tile, new))

    def receipt(self, index: int) -> tuple[bytes, CheckpointRow]:
        """The canonical receipt of an entry: at the first checkpoint that covers it, byte-stable for ever."""
        checkpoint = self._store.checkpoint_covering(index)
        if checkpoint is None:
            raise NotFound(f"no entry {index} in the log")
        path = self.inclusion(index, checkpoint.tree_size)
        return (
            encode_receipt(
                checkpoint.receipt_protected, checkpoint.receipt_signature, checkpoint.tree_size, index, path
            ),
            checkpoint,
        )

    def _full_tile(self, level: int, number: int) -> bytes | None:
        key = (level, number)
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        hashes = self._store.tile(level, number)
        if hashes is not None:
            with self._lock:
                self._tiles[key] = hashes
                if len(self._tiles) > _TILES_CACHED_MAX:
                    self._tiles.popitem(last=False)
        return hashes

    def _tile_root(self, level: int, number: int) -> bytes:
        """The root of a full tile: the hash that stands for it one tile level up."""
        tile = self._full_tile(level, number)
        if tile is None:
            raise NotFound(f"tile {level}/{number} is not full yet")
        hashes = [tile[i : i + _HASH_BYTES] for i in range(0, len(tile), _HASH_BYTES)]
        for _ in range(TILE_HEIGHT):
            hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        return hashes[0]
