"""The serials of a licence as a tree: its root is in the entry, so that the issued set is fixed once and for all.

RFC 6962 over the serials (ASCII) in order. Whoever holds the seed can prove any single serial to anybody, offline.
`python -m ledger.mark_serials.serial_tree RANGE COUNT` prints the root, the seed in hexadecimal being its input.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from ledger.domain.values.mark_serials import make, parse, serials
from ledger.errors import Malformed, NotFound, Refuted
from ledger.tlog.hashing import leaf_hash, root_of
from ledger.tlog.proof import inclusion_proof, verify_inclusion

__all__ = ["prove_serial", "root_of_serials", "serials_root", "verify_serial"]

_CHUNK: Final = 4_096  # a power of two: a chunk is a complete subtree, so no more than its hashes are in memory


def serials_root(seed: bytes, range_: str, count: int) -> bytes:
    """The root over the first `count` serials of a range, 32 bytes. Raises `Malformed`."""
    return root_of_serials(serials(seed, range_, count))


def root_of_serials(issued: Iterable[str]) -> bytes:
    """The RFC 6962 root over serials in their order, 32 bytes; memory for one hash in 4,096."""
    source, subtrees = iter(issued), list[bytes]()
    while leaves := [leaf_hash(serial.encode()) for serial in islice(source, _CHUNK)]:
        subtrees.append(root_of(leaves))
    return root_of(subtrees)


def prove_serial(seed: bytes, range_: str, count: int, number: int) -> list[bytes]:
    """The inclusion proof (RFC 9162 §2.1.3.1) of serial `number` under the root of `count`. Raises `NotFound`."""
    if not 0 <= number < count:
        raise NotFound(f"the range has no serial {number}")

    def subtree(level: int, place: int) -> bytes:
        first, leaves = place << level, 1 << level
        return root_of([leaf_hash(make(seed, range_, first + at).encode()) for at in range(leaves)])

    return inclusion_proof(number, count, subtree)


def verify_serial(serial: str, range_: str, count: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the serial is one of those that `root` (of a MarkLicensed) fixes. Raises `Malformed`, `Refuted`."""
    found = parse(serial)
    if found.range != range_:
        raise Refuted("the serial is of another range")
    verify_inclusion(found.number, count, leaf_hash(serial.encode()), root, proof)


def _main() -> None:
    range_, count = sys.argv[1:]
    try:
        sys.stdout.write(serials_root(bytes.fromhex(sys.stdin.read()), range_, int(count)).hex())
    except (ValueError, Malformed) as error:
        sys.exit(f"ledger.mark_serials.serial_tree: {error}")


if __name__ == "__main__":
    _main()
