"""The growing right edge of the tree: what a writer keeps in memory to append, prove and publish.

To append to a tree of n leaves one needs only the roots of its maximal complete subtrees, at most one per bit
of n (`Frontier`); to publish it as tiles, also the hashes of the tiles that are not full yet (`Edge`).
Neither reads storage. Proofs about older leaves are made in `proof.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.errors import Malformed, NotFound
from ledger.limits import TILE_HEIGHT, TILE_WIDTH, TREE_SIZE_MAX
from ledger.tlog.frontier import Frontier, Row, rows_above, siblings
from ledger.tlog.hashing import EMPTY_ROOT, HASH_BYTES, root_of, split_hashes

__all__ = ["Edge", "Frontier", "FullTile", "Growth"]

_TILE_BYTES = TILE_WIDTH * HASH_BYTES


class FullTile(NamedTuple):
    """A tile that has just been completed: 256 hashes, 8,192 bytes (C2SP tlog-tiles, "Merkle Tree")."""

    level: int
    number: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """All that a writer needs of the tree: an immutable value, so that a lost race needs no undoing.

    `partial[L]` holds the `(size >> 8 * L) % 256` hashes of the not yet full tile at tile level L, joined.
    """

    frontier: Frontier
    partial: tuple[bytes, ...]

    @classmethod
    def empty(cls) -> Edge:
        """The edge of a tree without leaves."""
        return cls(Frontier(0, ()), ())

    @classmethod
    def load(cls, size: int, tile_hashes: Callable[[int, int, int], bytes]) -> Edge:
        """The edge of a stored tree of `size` leaves.

        `tile_hashes(level, number, width)` gives the first `width` (1 to 255) hashes of a tile, joined; it is
        asked once per tile level at most. Raises `Malformed` when it gives another length. Nothing here
        vouches for the hashes: compare `root()` with a checkpoint before building on them.
        """
        if not 0 <= size <= TREE_SIZE_MAX:
            raise Malformed(f"not a tree size: {size}")
        partial: list[bytes] = []
        hashes: list[bytes] = []
        for level in range(_tile_levels(size)):
            above, width = divmod(size >> TILE_HEIGHT * level, TILE_WIDTH)
            tile = tile_hashes(level, above, width) if width else b""
            if len(tile) != width * HASH_BYTES:
                raise Malformed(f"tile {above} at level {level} does not hold {width} hashes")
            partial.append(tile)
            row = split_hashes(tile)
            hashes[:0] = [
                root_of(row[width >> bit + 1 << bit + 1 :][: 1 << bit])
                for bit in reversed(range(TILE_HEIGHT))
                if width >> bit & 1
            ]
        return cls(Frontier(size, tuple(hashes)), tuple(partial))

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.frontier.size

    def root(self) -> bytes:
        """The Merkle tree hash, 32 bytes (RFC 6962 §2.1)."""
        return self.frontier.root()

    def grow(self, leaves: Sequence[bytes]) -> Growth:
        """Append leaf hashes (32 bytes each): the new edge, its proofs and completed tiles. O(n + log size).

        Raises `Malformed` for a hash of another length, or a tree larger than `TREE_SIZE_MAX`.
        """
        before = self.frontier
        size = before.size + len(leaves)
        if size > TREE_SIZE_MAX or any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise Malformed("not leaf hashes that this tree can take")
        rows = rows_above(before, leaves)
        after = Frontier(
            size,
            tuple(
                rows[level].nodes[(size >> level) - 1 - rows[level].first]
                for level in reversed(range(size.bit_length()))
                if size >> level & 1
            ),
        )
        tiles, partial = self._publish(rows, size)
        return Growth(before, after, Edge(after, partial), tiles, rows)

    def _publish(self, rows: Sequence[Row], size: int) -> tuple[list[FullTile], tuple[bytes, ...]]:
        """Move the new nodes of every eighth level into tiles (C2SP tlog-tiles, "Merkle Tree")."""
        tiles: list[FullTile] = []
        partial: list[bytes] = []
        for level in range(_tile_levels(size)):
            held = self.partial[level] if level < len(self.partial) else b""
            first, nodes = rows[TILE_HEIGHT * level]
            done = self.size >> TILE_HEIGHT * level
            # Up to the last complete node: what follows in the row is still open and belongs in no tile.
            held += b"".join(nodes[done - first : (size >> TILE_HEIGHT * level) - first])
            number = done >> TILE_HEIGHT
            while len(held) >= _TILE_BYTES:
                tiles.append(FullTile(level, number, held[:_TILE_BYTES]))
                held = held[_TILE_BYTES:]
                number += 1
            partial.append(held)
        return tiles, tuple(partial)


class Growth:
    """What appending a batch gives: `before` and `after` (`Frontier`), `edge`, `root`, `tiles`, proofs.

    `tiles` are those that the batch completed, lower levels first. Keeps the batch's nodes (two hashes a leaf,
    about) for as long as proofs are wanted.
    """

    __slots__ = ("_own", "_shared", "after", "before", "edge", "root", "tiles")

    def __init__(
        self, before: Frontier, after: Frontier, edge: Edge, tiles: list[FullTile], rows: Sequence[Row]
    ) -> None:
        self.before = before
        self.after = after
        self.edge = edge
        self.root = rows[-1].nodes[0] if rows else EMPTY_ROOT
        self.tiles = tiles
        # From this level up, all new leaves lie below one node: the rest of their paths is the same.
        meet = (before.size ^ after.size - 1).bit_length() if after.size > before.size else 0
        self._own = rows[:meet]
        self._shared = siblings(before.size >> meet, rows[meet:])

    def inclusion(self, index: int) -> list[bytes]:
        """The inclusion proof of a new leaf in the tree of `after.size` leaves, leaf to root (RFC 9162 §2.1.3.1).

        Raises `NotFound` for an index outside [before.size, after.size).
        """
        if not self.before.size <= index < self.after.size:
            raise NotFound(f"leaf {index} is not among those just appended")
        return siblings(index, self._own) + self._shared


def _tile_levels(size: int) -> int:
    """How many tile levels a tree of `size` leaves has: the tile at level L has ⌊size / 256^L⌋ hashes."""
    return -(-size.bit_length() // TILE_HEIGHT)
