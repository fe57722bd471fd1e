"""The log as read: tiles, entry bundles, proofs and receipts, made from what the store holds.

Full tiles are stored; partial ones derive from leaf hashes and from the full tiles below them. A full tile
never changes, so the roots of full tiles are kept in a bounded cache.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise, takewhile
from typing import Final

from ledger.cose.receipt import encode_receipt
from ledger.cose.receipts import encode_receipts
from ledger.errors import NotFound
from ledger.limits import TILE_WIDTH
from ledger.store.contract import CheckpointRow, Store
from ledger.tlog.hashing import root_of, split_hashes
from ledger.tlog.proof import Node, consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof
from ledger.tlog.pyramids import Pyramids, tile_of, width_up_to
from ledger.tlog.tiles import TileReader, encode_bundle

__all__ = ["Log"]

_TILES_CACHED_MAX: Final = 4_096  # 32 MiB of full tiles
_ROOTS_CACHED_MAX: Final = 65_536  # of full tiles; some 10 MiB
_HASH_BYTES: Final = 32

_Tile = tuple[int, int]  # level, number


class Log:
    """Reads of the tree at any size that has a checkpoint. Thread-safe; may raise `Unavailable`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tiles: OrderedDict[_Tile, bytes] = OrderedDict()
        self._roots: dict[_Tile, bytes] = {}
        self._lock = threading.Lock()

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes (32 bytes each) of a tile. Raises `NotFound` where the log is shorter."""
        hashes = self._read({(level, number): width})[level, number][: width * _HASH_BYTES]
        if len(hashes) != width * _HASH_BYTES:
            raise NotFound(f"tile {level}/{number} has no {width} hashes yet")
        return hashes

    def bundle(self, number: int, width: int) -> bytes:
        """The entry bundle over the same leaves as tile 0/`number` (C2SP tlog-tiles, "Log entries")."""
        rows = self._store.entries(number * TILE_WIDTH, width)
        if len(rows) != width:
            raise NotFound(f"entry bundle {number} has no {width} entries yet")
        return encode_bundle([row.statement for row in rows])

    def receipt_file(self, number: int, width: int) -> bytes:
        """The receipts that belong to the first `width` entries of a bundle (`ledger.cose.receipts`)."""
        first = number * TILE_WIDTH
        covering = self._store.checkpoints_covering(range(first, first + width))
        if len(covering) != width:
            raise NotFound(f"entry bundle {number} has no {width} entries yet")
        begins = sorted({row.previous_size for row in covering.values() if row.previous_size >= first})
        found = self.receipts(begins)
        return encode_receipts([found[index][0] for index in begins])

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
        return _receipt(index, checkpoint, path), checkpoint

    # Many at once: a few queries for all of them, and all their tiles in memory, so that callers take them in parts.

    def receipts(self, indices: Sequence[int]) -> dict[int, tuple[bytes, CheckpointRow]]:
        """What `receipt` gives, of each of these entries."""
        checkpoints = self._store.checkpoints_covering(indices)
        for index in indices:
            if index not in checkpoints:
                raise NotFound(f"no entry {index} in the log")
        sizes = {index: checkpoint.tree_size for index, checkpoint in checkpoints.items()}
        return {
            index: (_receipt(index, checkpoints[index], path), checkpoints[index])
            for index, path in self._inclusions(sizes).items()
        }

    def inclusions(self, indices: Iterable[int], size: int) -> dict[int, list[bytes]]:
        """What `inclusion` gives, of each of these entries."""
        return self._inclusions(dict.fromkeys(indices, size))

    def consistencies(self, sizes: Sequence[int]) -> list[list[bytes]]:
        """What `consistency` gives between neighbours among these sizes, which are in order."""
        steps = list(pairwise(sizes))
        read = self._reader(node for old, new in steps for node in chain.from_iterable(consistency_nodes(old, new)))
        return [consistency_proof(old, new, read) for old, new in steps]

    def _inclusions(self, sizes: Mapping[int, int]) -> dict[int, list[bytes]]:
        nodes = (node for index, size in sizes.items() for node in chain.from_iterable(inclusion_nodes(index, size)))
        read = self._reader(nodes)
        return {index: inclusion_proof(index, size, read) for index, size in sizes.items()}

    def _reader(self, nodes: Iterable[Node]) -> Pyramids:
        widths: dict[_Tile, int] = {}
        for node in nodes:
            tile = tile_of(node)
            widths[tile] = max(width_up_to(node), widths.get(tile, 0))
        return Pyramids(self._read(widths))

    def _read(self, widths: Mapping[_Tile, int]) -> dict[_Tile, bytes]:
        """Of each tile the first hashes, so many, or as many as it has: a query, and one a level for the right edge."""
        found = self._known_above(widths)
        asked = [tile for tile in widths if tile not in found]
        found |= self._full_tiles(asked)
        for tile in asked:
            if tile not in found:
                found[tile] = self._edge(*tile, widths[tile])
        return found

    def _known_above(self, widths: Mapping[_Tile, int]) -> dict[_Tile, bytes]:
        """Those whose hashes are roots of tiles that were read before."""
        found: dict[_Tile, bytes] = {}
        with self._lock:
            for tile, width in widths.items():
                children = _children(*tile, width)
                if children and all(child in self._roots for child in children):
                    found[tile] = b"".join(self._roots[child] for child in children)
        return found

    def _edge(self, level: int, number: int, width: int) -> bytes:
        """The hashes of a tile that is not full. There is one such tile a level at most; further on there are none."""
        if level == 0:
            first = number * TILE_WIDTH
            return b"".join(self._store.leaf_hashes(first, first + width))
        children = _children(level, number, width)
        with self._lock:
            roots = {tile: self._roots[tile] for tile in children if tile in self._roots}
        for tile, hashes in self._full_tiles([tile for tile in children if tile not in roots]).items():
            roots[tile] = root_of(split_hashes(hashes))
        with self._lock:
            if len(self._roots) + TILE_WIDTH > _ROOTS_CACHED_MAX:
                self._roots.clear()
            self._roots.update(roots)
        return b"".join(roots[tile] for tile in takewhile(roots.__contains__, children))

    def _full_tiles(self, wanted: Sequence[_Tile]) -> dict[_Tile, bytes]:
        """Those of the tiles that are full."""
        found: dict[_Tile, bytes] = {}
        with self._lock:
            for tile in wanted:
                if tile in self._tiles:
                    self._tiles.move_to_end(tile)
                    found[tile] = self._tiles[tile]
        missing = [tile for tile in wanted if tile not in found]
        if missing:
            read = self._store.tiles(missing)
            found.update(read)
            with self._lock:
                self._tiles.update(read)
                while len(self._tiles) > _TILES_CACHED_MAX:
                    self._tiles.popitem(last=False)
        return found


def _children(level: int, number: int, width: int) -> list[_Tile]:
    """The tiles whose roots are the first `width` hashes of one above; none for a tile of leaves."""
    first = number * TILE_WIDTH
    return [(level - 1, child) for child in range(first, first + width)] if level else []


def _receipt(index: int, checkpoint: CheckpointRow, path: Sequence[bytes]) -> bytes:
    return encode_receipt(checkpoint.receipt_protected, checkpoint.receipt_signature, checkpoint.tree_size, index, path)
