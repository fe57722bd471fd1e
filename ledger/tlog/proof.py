"""Inclusion and consistency proofs: which nodes they take, how they are made, how they are checked.

A node is (level, number): level 0 are the leaves, and node n of level h covers the leaves [n · 2^h, (n + 1) · 2^h),
all of which exist. Verification raises; it never gives a boolean to forget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledger.errors import Malformed, NotFound, Refuted
from ledger.limits import PROOF_HASHES_MAX, TREE_SIZE_MAX
from ledger.tlog.hashing import HASH_BYTES, node_hash

__all__ = [
    "HashReader",
    "Node",
    "consistency_nodes",
    "consistency_proof",
    "inclusion_nodes",
    "inclusion_proof",
    "root_from_inclusion",
    "verify_consistency",
    "verify_inclusion",
]


class Node(NamedTuple):
    """A complete subtree of 2^level leaves, the `number`-th of its level from the left."""

    level: int
    number: int


HashReader = Callable[[int, int], bytes]
"""(level, number) of a complete subtree → its 32-byte hash."""


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """For each hash of the inclusion proof, leaf to root, the complete subtrees that make it up, left to right.

    All but one are single nodes; the one that reaches the right edge may take several. RFC 9162 §2.1.3.1.
    Raises `NotFound` unless 0 ≤ index < size.
    """
    if not 0 <= index < size <= TREE_SIZE_MAX:
        raise NotFound(f"leaf {index} is not in a tree of {size} leaves")
    start, stop = 0, size
    steps: list[list[Node]] = []
    while stop - start > 1:
        middle = start + _split_point(stop - start)
        if index < middle:
            steps.append(_subtrees(middle, stop))
            stop = middle
        else:
            steps.append(_subtrees(start, middle))
            start = middle
    return steps[::-1]


def consistency_nodes(old: int, new: int) -> list[list[Node]]:
    """For each hash of the consistency proof, in its order, the complete subtrees that make it up, left to right.

    RFC 9162 §2.1.4.1. Raises `NotFound` unless 0 < old ≤ new: nothing can be shown about an empty tree.
    """
    if not 0 < old <= new <= TREE_SIZE_MAX:
        raise NotFound(f"no consistency proof from a tree of {old} leaves to one of {new}")
    start, stop = 0, new
    steps: list[list[Node]] = []
    while old < stop:
        middle = start + _split_point(stop - start)
        if old <= middle:
            steps.append(_subtrees(middle, stop))
            stop = middle
        else:
            steps.append(_subtrees(start, middle))
            start = middle
    if start > 0:  # else this subtree is the old tree itself, whose root the verifier has
        steps.append(_subtrees(start, stop))
    return steps[::-1]


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """PATH(index, D[0:size]): 32-byte hashes, leaf to root (RFC 9162 §2.1.3.1). Raises `NotFound`, as `read` may."""
    return [_fold(nodes, read) for nodes in inclusion_nodes(index, size)]


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """PROOF(old, D[0:new]): 32-byte hashes, none if old = new (RFC 9162 §2.1.4.1). Raises `NotFound`, as `read` may."""
    return [_fold(nodes, read) for nodes in consistency_nodes(old, new)]


def root_from_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that the proof gives for a leaf: to be compared with, or verified by, a signed one (RFC 9162 §2.1.3.2).

    Raises `Malformed` for what is not a proof at all, `Refuted` if it is not one for this index and size.
    """
    _check_shape(index, size, proof, leaf_hash)
    if index >= size:
        raise Refuted(f"leaf {index} is not in a tree of {size} leaves")
    node, last, root = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise Refuted("the inclusion proof is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1:  # on the right edge there are no siblings where the tree is ragged
                node >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise Refuted("the inclusion proof is too short")
    return root


def verify_inclusion(index: int, size: int, leaf_hash: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the leaf is at `index` of the tree (RFC 9162 §2.1.3.2). Raises `Malformed`, `Refuted`."""
    if root_from_inclusion(index, size, leaf_hash, proof) != root:
        raise Refuted("the inclusion proof leads to another root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the first `old` leaves of the new tree are the old tree (RFC 9162 §2.1.4.2).

    Raises `Malformed` for what is not a proof at all, `Refuted` if it does not hold. Sizes of 0 are refuted:
    every tree extends the empty one, so whoever starts from nothing has nothing to verify here.
    """
    _check_shape(old, new, proof)
    if not 0 < old <= new:
        raise Refuted(f"no tree of {new} leaves can be shown to extend one of {old}")
    if old == new:
        if proof or old_root != new_root:
            raise Refuted("two trees of one size are the same only if their roots are")
        return
    _check_shape(old, new, proof, old_root, new_root)
    # A complete old tree is the proof's first node itself; the verifier has its root, so it is not repeated.
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise Refuted("the consistency proof is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Refuted("the consistency proof is too long")
        if node & 1 or node == last:
            was = node_hash(sibling, was)
            now = node_hash(sibling, now)
            while not node & 1:
                node >>= 1
                last >>= 1
        else:
            now = node_hash(now, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise Refuted("the consistency proof is too short")
    if was != old_root or now != new_root:
        raise Refuted("the consistency proof leads to other roots")


def _check_shape(first: int, second: int, proof: Sequence[bytes], *others: bytes) -> None:
    """Bound what a verifier works on: sizes, number of hashes (C2SP tlog-witness), and the length of each."""
    if not (0 <= first <= TREE_SIZE_MAX and 0 <= second <= TREE_SIZE_MAX):
        raise Malformed("a proof's index or size is out of range")
    if len(proof) > PROOF_HASHES_MAX or any(len(h) != HASH_BYTES for h in (*proof, *others)):
        raise Malformed(f"a proof is at most {PROOF_HASHES_MAX} hashes of {HASH_BYTES} bytes")


def _split_point(size: int) -> int:
    """The largest power of two smaller than `size` > 1 (RFC 9162 §2.1.1)."""
    return 1 << (size - 1).bit_length() - 1


def _subtrees(start: int, stop: int) -> list[Node]:
    """The maximal complete subtrees of a range of leaves, left to right (RFC 9162 §2.1.1).

    The range must begin where a subtree that could hold all of it begins, as the ranges of proofs do.
    """
    nodes: list[Node] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def _fold(nodes: Sequence[Node], read: HashReader) -> bytes:
    """The hash of neighbouring complete subtrees taken together (RFC 9162 §2.1.1)."""
    *lefts, (level, number) = nodes
    digest = read(level, number)
    for node in reversed(lefts):
        digest = node_hash(read(node.level, node.number), digest)
    return digest
