"""Deterministic CBOR (RFC 8949 §4.2.1), the part of it that our formats use; nothing else decodes.

The decoder accepts only what the encoder writes: shortest heads, definite lengths, map keys in bytewise order
without repetition, nothing after the item, bounded nesting. So `encode(decode(x)) == x` holds by construction
and costs no second encoding on the hot path, and no byte from outside reaches a decoder that knows tags, dates
or bignums. Types: int (64-bit heads), bytes, str, None, list, dict with int or str keys.

What is longer than a few kilobytes is walked over before any value of it is made (`cbor_shape.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ledger.cose.cbor_shape import check_shape
from ledger.errors import Malformed
from ledger.limits import CBOR_DEPTH_MAX, CBOR_ITEMS_MAX

__all__ = [
    "byte_string",
    "decode",
    "decode_sequence",
    "encode",
    "head",
    "item_end",
    "read_array",
    "read_byte_string",
]

_SHORT_BYTES: Final = 4_096  # of which all items together cost less than a millisecond

_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_NULL: Final = 0xF6
_CUT: Final = "CBOR ends in the middle of an item"


def head(major: int, n: int) -> bytes:
    """The shortest head of major type `major` (0-7) with argument `n` (0 to 2^64 - 1), RFC 8949 §3."""
    top = major << 5
    if n < 24:
        return bytes((top | n,))
    if n < 0x100:
        return bytes((top | 24, n))
    if n < 0x1_0000:
        return bytes((top | 25, n >> 8, n & 0xFF))
    if n < 0x1_0000_0000:
        return bytes((top | 26,)) + n.to_bytes(4, "big")
    return bytes((top | 27,)) + n.to_bytes(8, "big")


def byte_string(data: bytes) -> bytes:
    """`data` as a CBOR byte string."""
    return head(_BSTR, len(data)) + data


def encode(value: object) -> bytes:
    """The one deterministic encoding of `value`. Raises `TypeError` for a type that our formats do not use."""
    if isinstance(value, bytes):
        return head(_BSTR, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(_TSTR, len(text)) + text
    if isinstance(value, int) and not isinstance(value, bool):
        return head(_UINT, value) if value >= 0 else head(_NINT, -1 - value)
    if value is None:
        return bytes((_NULL,))
    if isinstance(value, Mapping):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        return head(_MAP, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, Sequence):
        return head(_ARRAY, len(value)) + b"".join(encode(item) for item in value)
    raise TypeError(f"no CBOR form for {type(value).__name__}")


def decode(data: bytes, *, items_max: int = CBOR_ITEMS_MAX) -> object:
    """The value of `data`, which must be exactly one item in the deterministic form, of at most `items_max` items.

    Raises `Malformed`.
    """
    value, end = _bounded_item(data, 0, items_max)
    if end != len(data):
        raise Malformed("bytes after the CBOR item")
    return value


def decode_sequence(data: bytes, *, count_max: int, items_max: int = CBOR_ITEMS_MAX) -> Iterator[object]:
    """The values of a CBOR sequence (RFC 8742), of at most `items_max` items each. Raises `Malformed`.

    What would be number `count_max + 1` is refused before it is looked at.
    """
    at = number = 0
    while at < len(data):
        if number == count_max:
            raise Malformed(f"more than {count_max} items")
        try:
            value, at = _bounded_item(data, at, items_max)
        except Malformed as error:
            raise Malformed(f"item {number}: {error}") from None
        yield value
        number += 1


def item_end(data: bytes, start: int, *, items_max: int = CBOR_ITEMS_MAX) -> int:
    """The offset just past the item that begins at `start`, of at most `items_max` items. Raises `Malformed`."""
    return _bounded_item(data, start, items_max)[1]


def _bounded_item(data: bytes, start: int, items_max: int) -> tuple[object, int]:
    if len(data) - start > _SHORT_BYTES or items_max < CBOR_ITEMS_MAX:
        check_shape(data, start, items_max=items_max, depth_max=CBOR_DEPTH_MAX)
    try:
        return _item(data, start, 0)
    except IndexError:
        raise Malformed(_CUT) from None


def read_byte_string(data: bytes, start: int) -> tuple[bytes, int]:
    """The byte string that begins at `start`, and the offset just past it. Raises `Malformed`."""
    try:
        first = data[start]
        if first >> 5 != _BSTR:
            raise Malformed("a CBOR byte string was expected")
        n, at = _argument(data, start, first & 31)
    except IndexError:
        raise Malformed(_CUT) from None
    end = at + n
    if end > len(data):
        raise Malformed(_CUT)
    return data[at:end], end


def read_array(data: bytes, start: int) -> tuple[int, int]:
    """The length of the array that begins at `start`, and the offset of its first item. Raises `Malformed`."""
    try:
        first = data[start]
        if first >> 5 != _ARRAY:
            raise Malformed("a CBOR array was expected")
        return _argument(data, start, first & 31)
    except IndexError:
        raise Malformed(_CUT) from None


def _argument(data: bytes, start: int, info: int) -> tuple[int, int]:
    if info < 24:
        return info, start + 1
    if info > 27:
        raise Malformed("CBOR of indefinite length, or a reserved head")
    width = 1 << (info - 24)
    at = start + 1 + width
    if at > len(data):
        raise Malformed(_CUT)
    n = int.from_bytes(data[start + 1 : at], "big")
    if n < (24, 0x100, 0x1_0000, 0x1_0000_0000)[info - 24]:
        raise Malformed("a CBOR head that is not the shortest")
    return n, at


def _item(data: bytes, start: int, depth: int) -> tuple[object, int]:
    first = data[start]
    major = first >> 5
    info = first & 31
    if info < 24:
        n, at = info, start + 1
    else:
        n, at = _argument(data, start, info)
    if major == _UINT:
        return n, at
    if major in (_BSTR, _TSTR):
        end = at + n
        if end > len(data):
            raise Malformed(_CUT)
        if major == _BSTR:
            return data[at:end], end
        try:
            return data[at:end].decode(), end
        except UnicodeDecodeError:
            raise Malformed("CBOR text that is not UTF-8") from None
    if major == _NINT:
        return -1 - n, at
    if first == _NULL:
        return None, at
    if major in (_MAP, _ARRAY):
        if depth == CBOR_DEPTH_MAX:
            raise Malformed("CBOR nested too deeply")
        return _map(data, at, n, depth + 1) if major == _MAP else _array(data, at, n, depth + 1)
    raise Malformed(f"CBOR item 0x{first:02x} has no place in our formats")


def _array(data: bytes, at: int, n: int, depth: int) -> tuple[list[object], int]:
    items: list[object] = []
    for _ in range(n):
        value, at = _item(data, at, depth)
        items.append(value)
    return items, at


def _map(data: bytes, at: int, n: int, depth: int) -> tuple[dict[int | str, object], int]:
    found: dict[int | str, object] = {}
    previous = b""
    for _ in range(n):
        key, end = _item(data, at, depth)
        if not isinstance(key, (int, str)):
            raise Malformed("a CBOR map key that is neither a number nor text")
        encoded = data[at:end]
        if encoded <= previous:
            raise Malformed("CBOR map keys out of order, or twice")
        previous = encoded
        found[key], at = _item(data, end, depth)
    return found, at
