"""Reading many nodes out of tiles that are at hand: each tile's inner nodes are hashed once, whatever the proofs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.errors import NotFound
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.tlog.hashing import HASH_BYTES, parents, split_hashes
from ledger.tlog.proof import Node

__all__ = ["Pyramids", "tile_of", "width_up_to"]

_HEIGHTS: Final = range(TILE_HEIGHT)  # of nodes that lie in one tile; the next is a hash of the tile above


def tile_of(node: Node) -> tuple[int, int]:
    """Level and number of the tile out of which the hash of a complete subtree follows."""
    level, height = divmod(node.level, TILE_HEIGHT)
    return level, (node.number << height) // TILE_WIDTH


def width_up_to(node: Node) -> int:
    """How many hashes that tile must have, from the left, for the hash of the subtree to follow."""
    height = node.level % TILE_HEIGHT
    return (node.number << height) % TILE_WIDTH + (1 << height)


class Pyramids:
    """A `HashReader` over tiles by level and number: full ones, or as many hashes as there are (32 bytes, joined).

    Nothing is taken for true by this: a proof made from false tiles does not verify. Twice the tiles in memory.
    """

    def __init__(self, tiles: Mapping[tuple[int, int], bytes]) -> None:
        self._tiles = tiles
        self._rows: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The 32-byte hash of node `number` of tree level `level`. Raises `NotFound` where no tile here has it."""
        tile = tile_of(Node(level, number))
        rows = self._rows.get(tile)
        if rows is None:
            rows = self._rows[tile] = _rows(self._tiles.get(tile, b""))
        height = level % TILE_HEIGHT
        at = (number % (TILE_WIDTH >> height)) * HASH_BYTES
        found = rows[height][at : at + HASH_BYTES]
        if not found:
            raise NotFound(f"no complete subtree {number} of level {level} in the tiles that were read")
        return found


def _rows(tile: bytes) -> list[bytes]:
    """By height above the tile's hashes, those of the complete subtrees, left to right, joined."""
    rows, row = [tile], split_hashes(tile)
    for _ in _HEIGHTS[1:]:
        row = parents(row[: len(row) & ~1])  # the last one alone has no parent yet
        rows.append(b"".join(row))
    return rows
