"""Trees for these tests: entries, the edge that has taken them in, and a store of its tiles."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.tlog.hashing import leaf_hash, root_of
from ledger.tlog.tree import Edge, Growth


def entries(count: int) -> list[bytes]:
    """`count` different entries of different lengths."""
    return [b"entry %d" % i * (i % 5) + b"%d" % i for i in range(count)]


class Book:
    """Takes in batches as a writer does, and keeps what a store keeps: leaf hashes and full tiles."""

    def __init__(self) -> None:
        self.edge = Edge.empty()
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}

    def append(self, batch: Sequence[bytes]) -> Growth:
        """Take in a batch of entries."""
        hashes = [leaf_hash(entry) for entry in batch]
        growth = self.edge.grow(hashes)
        for level, number, joined in growth.tiles:
            assert (level, number) not in self.tiles, "a tile was published twice"
            self.tiles[level, number] = joined
        self.leaves += hashes
        self.edge = growth.edge
        return growth

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes of a tile as C2SP tlog-tiles defines it, from full tiles and leaf hashes alone."""
        full = self.tiles.get((level, number))
        if full is not None:
            return full[: 32 * width]
        start = 256 * number
        if level == 0:
            return b"".join(self.leaves[start : start + width])
        below = [self.tile(level - 1, child, 256) for child in range(start, start + width)]
        return b"".join(root_of([tile[at : at + 32] for at in range(0, len(tile), 32)]) for tile in below)
