"""The right edge of a tree, and what appending to it touches: the arithmetic under `tree.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.errors import Malformed
from ledger.limits import TREE_SIZE_MAX
from ledger.tlog.hashing import EMPTY_ROOT, HASH_BYTES, node_hash, parents

__all__ = ["Frontier", "Row", "rows_above", "siblings"]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The maximal complete subtrees of a tree of `size` leaves, left to right: the largest first.

    Their sizes are the powers of two that sum to `size` (RFC 6962 §2.1).
    """

    size: int
    hashes: tuple[bytes, ...]

    @classmethod
    def of(cls, size: int, hashes: Sequence[bytes]) -> Frontier:
        """A frontier from outside. Raises `Malformed` unless there is one 32-byte hash for each bit of `size`."""
        if not 0 <= size <= TREE_SIZE_MAX:
            raise Malformed(f"not a tree size: {size}")
        if len(hashes) != size.bit_count() or any(len(h) != HASH_BYTES for h in hashes):
            raise Malformed(f"not the subtree hashes of a tree of {size} leaves")
        return cls(size, tuple(hashes))

    def root(self) -> bytes:
        """The Merkle tree hash, 32 bytes (RFC 6962 §2.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


class Row(NamedTuple):
    """The nodes of one level from number `first` (even) on; the last may be incomplete (the right edge)."""

    first: int
    nodes: list[bytes]


def rows_above(before: Frontier, leaves: Sequence[bytes]) -> list[Row]:
    """Every node that the new leaves touch, by level from 0 to the root; none for an empty tree.

    Of the old nodes it takes only those of the frontier: an old node that is hashed, or part of a path, is the
    left sibling of one that holds new leaves, hence the last complete node of its level, without a sibling before.
    """
    rows: list[Row] = []
    pending = list(before.hashes)
    first, nodes = before.size, list(leaves)
    while pending or nodes:
        if first & 1:
            nodes.insert(0, pending.pop())
            first -= 1
        rows.append(Row(first, nodes))
        if first == 0 and len(nodes) == 1:
            break
        first, nodes = first >> 1, parents(nodes)
    return rows


def siblings(number: int, rows: Sequence[Row]) -> list[bytes]:
    """The siblings of node `number` of the first row, and of its ancestors in the others."""
    path: list[bytes] = []
    for first, nodes in rows:
        sibling = (number ^ 1) - first
        if sibling < len(nodes):
            path.append(nodes[sibling])
        number >>= 1
    return path
