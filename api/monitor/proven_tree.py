"""The tree under one verified checkpoint, read from tiles that are checked before anything is made of them.

The tiles on the right edge give the root, which the checkpoint signs; every other tile gives one hash of the tile
above it. So a tile costs 255 hashes to check, whatever the size of the log, and no proofs are needed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from ledger.errors import Malformed, NotFound, Refuted
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.frontier import Frontier
from ledger.tlog.hashing import HASH_BYTES, leaf_hash, node_hash, root_of, split_hashes
from ledger.tlog.proof import consistency_proof
from ledger.tlog.tiles import TileReader, tile_width
from ledger.tlog.tree import Edge

__all__ = ["FetchTile", "ProvenTree", "check_charter"]

FetchTile = Callable[[int, int, int], bytes]
"""(level, number, width) → the tile's `width` hashes, joined, as anybody may give them."""

_CACHED_MAX: Final = 64  # 512 KiB


class ProvenTree:
    """Every tile and entry that leaves here is in the tree of `head`. Not thread-safe.

    Methods raise `Refuted` for what is not, and what `fetch` raises.
    """

    def __init__(self, head: VerifiedCheckpoint, fetch: FetchTile) -> None:
        self.head = head
        self._fetch = fetch
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        try:
            edge = Edge.load(head.size, fetch)
        except Malformed as error:
            raise Refuted(f"the tiles on the edge of the tree of {head.size} entries: {error}") from error
        if edge.root() != head.root:
            raise Refuted(f"the tiles on the edge do not give the root of the tree of {head.size} entries")
        self._partial = edge.partial

    def tile(self, level: int, number: int) -> bytes:
        """A tile as wide as it is in this tree: 32-byte hashes, joined. Raises `NotFound` beyond the tree."""
        width = tile_width(level, number, self.head.size)
        if width == 0:
            raise NotFound(f"a tree of {self.head.size} entries has no tile {number} at level {level}")
        if width < TILE_WIDTH:
            return self._partial[level]
        found = self._full.get((level, number))
        if found is None:
            found = self.check(level, number, self._fetch(level, number, TILE_WIDTH))
            if len(self._full) >= _CACHED_MAX:
                self._full.popitem(last=False)
            self._full[level, number] = found
        else:
            self._full.move_to_end((level, number))
        return found

    def check(self, level: int, number: int, tile: bytes) -> bytes:
        """A full tile from elsewhere, if it is the one of this tree."""
        above = self.tile(level + 1, number >> TILE_HEIGHT)
        start = number % TILE_WIDTH * HASH_BYTES
        if len(tile) != TILE_WIDTH * HASH_BYTES or root_of(split_hashes(tile)) != above[start : start + HASH_BYTES]:
            raise Refuted(f"tile {number} at level {level} is not that of the tree of {self.head.size} entries")
        return tile

    def check_bundle(self, number: int, entries: Sequence[bytes]) -> None:
        """The entries below a tile of level 0: each must have the leaf hash there, and none be missing."""
        hashes = split_hashes(self.tile(0, number))
        if len(entries) != len(hashes):
            raise Refuted(f"entry bundle {number} has {len(entries)} entries, not {len(hashes)}")
        for offset, (entry, expected) in enumerate(zip(entries, hashes, strict=True)):
            if leaf_hash(entry) != expected:
                raise Refuted(f"entry {number * TILE_WIDTH + offset} is not the one in the tree")

    def consistency(self, old: int) -> list[bytes]:
        """The consistency proof from a tree of `old` entries to this one (RFC 9162 §2.1.4.1)."""
        read = TileReader(lambda level, number, _width: self.tile(level, number), self.head.size)
        return consistency_proof(old, self.head.size, read)


def check_charter(tree: ProvenTree, charter: bytes, entries_max: int) -> int:
    """How many of the first entries have the root `charter`, which a trust file names.

    Raises `Refuted` if none of the first `entries_max` trees has: this is another log, or one begun anew.
    """
    last = min(tree.head.size, entries_max)
    subtrees: list[bytes] = []  # RFC 9162 §2.1.2
    for number in range(-(-last // TILE_WIDTH)):
        leaves = split_hashes(tree.tile(0, number))
        for size, leaf in enumerate(leaves, start=number * TILE_WIDTH + 1):
            subtrees.append(leaf)
            for _ in range((size & -size).bit_length() - 1):
                right = subtrees.pop()
                subtrees.append(node_hash(subtrees.pop(), right))
            if Frontier(size, tuple(subtrees)).root() == charter:
                return size
    raise Refuted("the log does not begin with the charter that the trust file names")
