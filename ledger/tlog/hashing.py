"""The hashes of the tree: leaves, inner nodes, the empty tree (RFC 6962 §2.1, RFC 9162 §2.1.1).

Leaves and nodes are hashed with different first bytes, so that neither can be passed off as the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

__all__ = ["EMPTY_ROOT", "HASH_BYTES", "leaf_hash", "node_hash", "parents", "root_of", "split_hashes"]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes, of two 32-byte hashes (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


def parents(row: Sequence[bytes]) -> list[bytes]:
    """The row of nodes above `row`, whose first node must be a left child (RFC 6962 §2.1).

    A last node without a sibling goes up as it is: splitting at the largest power of two below n, as the RFC
    defines the tree, and pairing from the left are the same thing.
    """
    # Not through node_hash: this is the inner loop of every append, and a call costs a tenth of the hash.
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
    if len(row) & 1:
        above.append(row[-1])
    return above


def root_of(row: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over `row` taken as leaf hashes (RFC 6962 §2.1); `EMPTY_ROOT` for none."""
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        row = parents(row)
    return row[0]


def split_hashes(joined: bytes) -> list[bytes]:
    """The 32-byte hashes of a tile, or of a part of one."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
