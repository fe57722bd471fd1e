"""Receipts by the file, as a service gives them and a static copy keeps them: of each checkpoint that of the
first entry it covers.

`receipts/<N>[.p/<W>]` holds those whose entries are in entry bundle N, by index, each after its length as a big-endian
uint16. So there is a file for each bundle, full and partial as the bundles are, and empty where no checkpoint begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ledger.cose.receipt import parse_receipt
from ledger.errors import Malformed
from ledger.limits import RECEIPT_BYTES_MAX, TILE_WIDTH
from ledger.tlog.tiles import BundlePath, bundle_path, parse_bundle_path

__all__ = [
    "RECEIPT_FILE_BYTES_MAX",
    "decode_receipts",
    "encode_receipts",
    "gather_receipts",
    "parse_receipts_path",
    "receipts_path",
]

_LENGTH_BYTES: Final = 2
_BUNDLES: Final = "tile/entries/"
_RECEIPTS: Final = "receipts/"
RECEIPT_FILE_BYTES_MAX: Final = TILE_WIDTH * (RECEIPT_BYTES_MAX + _LENGTH_BYTES)


def receipts_path(number: int, width: int = TILE_WIDTH) -> str:
    """Where the receipts are that belong to entry bundle `number` of `width` entries."""
    return bundle_path(number, width).replace(_BUNDLES, _RECEIPTS)


def parse_receipts_path(path: str) -> BundlePath:
    """The inverse of `receipts_path`; other spellings of the same file raise `Malformed`."""
    if not path.startswith(_RECEIPTS):
        raise Malformed(f"not a path of receipts: {path[:80]!r}")
    return parse_bundle_path(_BUNDLES + path[len(_RECEIPTS) :])


def encode_receipts(receipts: Sequence[bytes]) -> bytes:
    """The file of at most 256 receipts. Raises `Malformed` for more, or for one that is too long."""
    if len(receipts) > TILE_WIDTH or any(len(receipt) > RECEIPT_BYTES_MAX for receipt in receipts):
        raise Malformed(f"a file of receipts has at most 256, of at most {RECEIPT_BYTES_MAX} bytes")
    return b"".join([len(receipt).to_bytes(_LENGTH_BYTES) + receipt for receipt in receipts])


def decode_receipts(data: bytes) -> list[bytes]:
    """The inverse of `encode_receipts`; the receipts are not parsed. Raises `Malformed`."""
    receipts: list[bytes] = []
    at = 0
    while at < len(data) and len(receipts) < TILE_WIDTH:
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start])
        receipts.append(data[start:at])
    if at != len(data):
        raise Malformed("a file of receipts is cut short or too long")
    return receipts


def gather_receipts(
    number: int, size: int, receipt: Callable[[int], bytes], known: Sequence[bytes] = ()
) -> list[bytes]:
    """What file `number` holds in a log of `size` entries, where there are single receipts only, as a service has them.

    `receipt(index)` gives the canonical one of any entry: its tree size is where the next checkpoint begins, so each
    file is found by itself, with one request more than it has receipts. `known` are the first ones, if they are known.
    Raises `Malformed` for what is no receipt, and what `receipt` raises. Nothing is verified.
    """
    found = list(known)
    start, stop = number * TILE_WIDTH, min((number + 1) * TILE_WIDTH, size)
    at = 0
    if found or start:
        at = parse_receipt(found[-1] if found else receipt(start - 1)).tree_size
    while at < stop:
        found.append(receipt(at))
        following = parse_receipt(found[-1]).tree_size
        if following <= at:
            raise Malformed(f"the receipt of entry {at} is of a tree of {following} entries")
        at = following
    return found
