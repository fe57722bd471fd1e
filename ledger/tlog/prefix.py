"""The verifiable map: a Merkle prefix trie from subjects to their streams, and how its proofs are checked.

A receipt shows that an entry is in; the map shows that a list of entries is whole. `docs/completeness.md` has the
same in prose, for whoever writes a verifier of their own. All hashes are SHA-256, numbers big-endian in 8 bytes.

    key(subject)     = H(subject in UTF-8)
    item             = H(0x00 ‖ leaf index ‖ leaf hash)            an entry of the stream
    value            = number of entries, RFC 6962 root over the items in the order of the log
    empty            = 32 zero bytes                               no subject at all
    leaf             = H(0x02 ‖ key ‖ number of entries ‖ root)    one subject, wherever it lies
    branch           = H(0x03 ‖ left ‖ right)                      two subjects or more; by the next bit of the keys

A subtrie of one subject is its leaf, however deep it could lie: so the shape follows from the set of subjects alone,
and a path has about log2 of their number hashes. Where a key leads is one place under one root, and what lies there
is a leaf or nothing: whether a subject is in the map, and with what, has one answer. Source: the "map sandwich" of
transparency-dev's verifiable index; the trie is a sparse Merkle tree (Dahlberg et al. 2016) with short leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.errors import Malformed, Refuted
from ledger.limits import MAP_PROOF_HASHES_MAX, TREE_SIZE_MAX
from ledger.tlog.hashing import EMPTY_ROOT, HASH_BYTES, node_hash, root_of

__all__ = [
    "ABSENT",
    "EMPTY",
    "MapLeaf",
    "MapProof",
    "MapValue",
    "append_item",
    "bit",
    "branch_hash",
    "edge_root",
    "item_hash",
    "leaf_of",
    "map_key",
    "stream_value",
    "verify_in_map",
]

EMPTY: Final = bytes(HASH_BYTES)


class MapValue(NamedTuple):
    """How many entries a subject has, and the root (RFC 6962 §2.1) over their items."""

    entries: int
    root: bytes


ABSENT: Final = MapValue(0, EMPTY_ROOT)


class MapLeaf(NamedTuple):
    """What lies at the end of a path: the key of a subject with its value."""

    key: bytes
    value: MapValue


@dataclass(frozen=True, slots=True)
class MapProof:
    """The path of a key, from the root down: the hash beside each step, `b""` for an empty one; then what lies there.

    `found` may be the leaf of another subject, which stands alone where the key leads; None: nothing lies there.
    """

    siblings: tuple[bytes, ...]
    found: MapLeaf | None


def map_key(subject: str) -> bytes:
    """The key of a subject: its place in the trie, 32 bytes."""
    return sha256(subject.encode()).digest()


def bit(key: bytes, depth: int) -> int:
    """The bit of a key that says left (0) or right (1) at a depth, from 0 at the root."""
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def item_hash(index: int, leaf: bytes) -> bytes:
    """An entry of a stream, as a leaf of its mini-log: `leaf` is the entry's leaf hash in the log, 32 bytes."""
    return sha256(b"\x00" + index.to_bytes(8) + leaf).digest()


def leaf_of(key: bytes, count: int, root: bytes) -> bytes:
    """The hash of one subject with its value."""
    return sha256(b"\x02" + key + count.to_bytes(8) + root).digest()


def branch_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subjects or more, by the next bit of their keys."""
    return sha256(b"\x03" + left + right).digest()


def stream_value(items: Iterable[tuple[int, bytes]]) -> MapValue:
    """The value of a stream, given whole: leaf index and leaf hash of each entry, in order. `ABSENT` for none."""
    hashes = [item_hash(index, leaf) for index, leaf in items]
    return MapValue(len(hashes), root_of(hashes)) if hashes else ABSENT


def append_item(count: int, edge: list[bytes], item: bytes) -> list[bytes]:
    """The right edge (RFC 6962 §2.1: roots of the complete subtrees) of a mini-log of `count` items, and one more."""
    edge = [*edge, item]
    while count & 1:
        right = edge.pop()
        edge.append(node_hash(edge.pop(), right))
        count >>= 1
    return edge


def edge_root(edge: list[bytes]) -> bytes:
    """The root of a mini-log, by its right edge, which is not empty."""
    root = edge[-1]
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


def verify_in_map(subject: str, root: bytes, proof: MapProof) -> MapValue:
    """What the map of root `root` (32 bytes) holds of a subject; `ABSENT` where it shows that there is nothing.

    Only the one proof that a subject has under a root is accepted. Raises `Malformed` for what is no proof at all,
    `Refuted` for one that leads elsewhere.
    """
    key, depth = map_key(subject), len(proof.siblings)
    _check_shape(root, proof)
    if proof.found is None:
        digest, value = EMPTY, ABSENT
    else:
        digest = leaf_of(proof.found.key, *proof.found.value)
        value = proof.found.value if proof.found.key == key else ABSENT
        if any(bit(proof.found.key, at) != bit(key, at) for at in range(depth)):
            raise Refuted("the map proof ends at a subject that does not lie on the path")
    for at in reversed(range(depth)):
        sibling = proof.siblings[at] or EMPTY
        digest = branch_hash(sibling, digest) if bit(key, at) else branch_hash(digest, sibling)
    if digest != root:
        raise Refuted("the map proof leads to another root")
    return value


def _check_shape(root: bytes, proof: MapProof) -> None:
    if len(root) != HASH_BYTES or len(proof.siblings) > MAP_PROOF_HASHES_MAX:
        raise Malformed(f"a map proof is at most {MAP_PROOF_HASHES_MAX} hashes, under a root of 32 bytes")
    if any(one and (len(one) != HASH_BYTES or one == EMPTY) for one in proof.siblings):
        raise Malformed("a hash of a map proof has 32 bytes, or none where nothing lies")
    if proof.siblings and not proof.siblings[-1]:
        raise Malformed("what has nothing beside it lies further up: not the proof that the map gives")
    if proof.found is not None:
        key, (count, stream_root) = proof.found
        if len(key) != HASH_BYTES or len(stream_root) != HASH_BYTES or not 0 < count <= TREE_SIZE_MAX:
            raise Malformed("the leaf of a map proof is a key, a number of entries and a root")
