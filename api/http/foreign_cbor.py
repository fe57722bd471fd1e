"""CBOR that others encoded, in whatever form they like: walked through here before a general decoder sees it.

Our own formats are deterministic and read by `ledger.cose.cbor`. What is around them (batches, answers, problem
details) need not be, so `cbor2` decodes it. Its C decoder (5.9.0, `decode_definite_long_string`) frees an object twice
when a text of more than 65,536 bytes ends early: so only items that are whole, of bounded depth and without long texts
are passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cbor2

from ledger.errors import Malformed

__all__ = ["decode_foreign", "decode_sequence"]

_TEXT_BYTES_MAX: Final = 65_535
_DEPTH_MAX: Final = 32
_BREAK: Final = 0xFF
_UNTIL_BREAK: Final = -1
_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6


def decode_foreign(data: bytes) -> object:
    """The one item that `data` is. Raises `Malformed`."""
    if _item_end(data, 0) != len(data):
        raise Malformed("bytes after the CBOR item")
    return _decode(data)


def decode_sequence(data: bytes) -> Iterator[object]:
    """The items of a CBOR sequence (RFC 8742). Raises `Malformed` at the first that is none."""
    at = number = 0
    while at < len(data):
        try:
            end = _item_end(data, at)
            item = _decode(data[at:end])
        except Malformed as error:
            raise Malformed(f"item {number} is not CBOR: {error}") from error
        yield item
        at, number = end, number + 1


def _decode(item: bytes) -> object:
    try:
        found: object = cbor2.loads(item)
    except Exception as error:  # cbor2 lets through what codecs and constructors raise
        raise Malformed(f"not CBOR: {error!r:.200}") from None
    return found


def _item_end(data: bytes, at: int) -> int:
    """The offset just past the item that begins at `at` (RFC 8949, appendix C). Raises `Malformed`."""
    pending = [1]  # how many items are still to come, at each level that is open
    while pending:
        if pending[-1] == 0:
            pending.pop()
            continue
        if at >= len(data):
            raise Malformed("CBOR ends in the middle of an item")
        first = data[at]
        major, info, at = first >> 5, first & 31, at + 1
        if first == _BREAK:
            if pending.pop() != _UNTIL_BREAK:
                raise Malformed("a CBOR break where nothing is open")
            continue
        if pending[-1] > 0:
            pending[-1] -= 1
        if info == 31 and major in (_ARRAY, _MAP):
            pending.append(_UNTIL_BREAK)
        elif info > 27:
            raise Malformed("a CBOR head that is reserved, or a string in pieces")
        else:
            width = 0 if info < 24 else 1 << info - 24
            count = info if info < 24 else int.from_bytes(data[at : at + width])
            at += width
            if major in (_BYTES, _TEXT):
                at += count
                if major == _TEXT and count > _TEXT_BYTES_MAX:
                    raise Malformed(f"a CBOR text of more than {_TEXT_BYTES_MAX:,} bytes")
            elif major in (_ARRAY, _MAP, _TAG):
                pending.append({_ARRAY: count, _MAP: 2 * count, _TAG: 1}[major])
        if len(pending) > _DEPTH_MAX:
            raise Malformed("CBOR nested too deeply")
        if at > len(data):
            raise Malformed("CBOR ends in the middle of an item")
    return at
