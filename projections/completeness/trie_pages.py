"""The trie in pages of four levels: how pages look, what a page's subjects hash to. Bytes and arithmetic only.

A page is named by its prefix, in hexadecimal digits of the keys: "" is the root's. It is a *bucket* while at most
`BUCKET_SUBJECTS_MAX` subjects lie below it, and holds them itself; else a *branch* over 16 pages, one digit further.
Which it is follows from the set of subjects alone, so the same book gives the same pages whatever the order of work.

    bucket = 0x01 ‖ subjects in the order of their keys: key (32) ‖ number of entries n (8) ‖ right edge of the mini-log
    branch = 0x02 ‖ 16 times: number of subjects (8) ‖ hash (32)

The right edge is a hash for each bit of n that is set: from it both the root and the next edge follow, so that a
stream is never read again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.tlog.hashing import HASH_BYTES, split_hashes
from ledger.tlog.prefix import EMPTY, branch_hash, edge_root, leaf_of

__all__ = [
    "BRANCHES",
    "BUCKET_SUBJECTS_MAX",
    "DIGIT_BITS",
    "NOTHING",
    "Below",
    "Subject",
    "below_bucket",
    "decode_branch",
    "decode_bucket",
    "encode_branch",
    "encode_bucket",
    "is_branch",
    "join",
    "split",
]

DIGIT_BITS: Final = 4
BRANCHES: Final = 1 << DIGIT_BITS
BUCKET_SUBJECTS_MAX: Final = 32
_BUCKET: Final = b"\x01"
_BRANCH: Final = b"\x02"
_COUNT_BYTES: Final = 8
_SUBJECT_BYTES: Final = HASH_BYTES + _COUNT_BYTES
_CHILD_BYTES: Final = _COUNT_BYTES + HASH_BYTES


class Below(NamedTuple):
    """How many subjects lie below a place of the trie, and their hash."""

    subjects: int
    hash: bytes


NOTHING: Final = Below(0, EMPTY)


class Subject(NamedTuple):
    """A subject in a bucket: `edge` is the right edge of its mini-log of `entries` items."""

    key: bytes
    entries: int
    edge: list[bytes]

    @property
    def root(self) -> bytes:
        return edge_root(self.edge)

    @property
    def leaf(self) -> bytes:
        return leaf_of(self.key, self.entries, edge_root(self.edge))


def is_branch(page: bytes) -> bool:
    return page[:1] == _BRANCH


def encode_bucket(subjects: Sequence[Subject]) -> bytes:
    """Subjects in the order of their keys."""
    return _BUCKET + b"".join([b"".join((one.key, one.entries.to_bytes(8), *one.edge)) for one in subjects])


def decode_bucket(page: bytes) -> list[Subject]:
    subjects: list[Subject] = []
    at = len(_BUCKET)
    while at < len(page):
        edge_at = at + _SUBJECT_BYTES
        count = int.from_bytes(page[at + HASH_BYTES : edge_at])
        end = edge_at + count.bit_count() * HASH_BYTES
        subjects.append(Subject(page[at : at + HASH_BYTES], count, split_hashes(page[edge_at:end])))
        at = end
    return subjects


def encode_branch(children: Sequence[Below]) -> bytes:
    """16 children, in the order of their digits."""
    return _BRANCH + b"".join([one.subjects.to_bytes(_COUNT_BYTES) + one.hash for one in children])


def decode_branch(page: bytes) -> list[Below]:
    rows = [page[at : at + _CHILD_BYTES] for at in range(len(_BRANCH), len(page), _CHILD_BYTES)]
    return [Below(int.from_bytes(row[:_COUNT_BYTES]), row[_COUNT_BYTES:]) for row in rows]


def join(left: Below, right: Below) -> Below:
    """Two neighbouring subtries as one: what stands alone is not hashed again."""
    if not left.subjects:
        return right if right.subjects <= 1 else Below(right.subjects, branch_hash(EMPTY, right.hash))
    if not right.subjects:
        return left if left.subjects == 1 else Below(left.subjects, branch_hash(left.hash, EMPTY))
    return Below(left.subjects + right.subjects, branch_hash(left.hash, right.hash))


def below_bucket(subjects: Sequence[Subject], depth: int) -> Below:
    """What the subjects of a bucket hash to, whose keys agree in their first `depth` bits."""
    keys = [int.from_bytes(one.key) for one in subjects]
    leaves = [one.leaf for one in subjects]

    def between(first: int, stop: int, at: int) -> Below:
        if stop - first <= 1:
            return Below(1, leaves[first]) if first < stop else NOTHING
        middle = split(keys, first, stop, at)
        return join(between(first, middle, at + 1), between(middle, stop, at + 1))

    return between(0, len(subjects), depth)


def split(keys: Sequence[int], first: int, stop: int, depth: int) -> int:
    """Where, among sorted keys [first, stop) that agree in `depth` bits, those with the next bit set begin."""
    shift = HASH_BYTES * 8 - 1 - depth
    return bisect_left(keys, (keys[first] >> shift | 1) << shift, first, stop)
