"""The shape of CBOR from outside, walked over before anything is decoded: how many items, how deep, how long.

No value is made and no string is copied, so a refusal costs at most `items_max` steps, whatever the length.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import Malformed

__all__ = ["check_shape"]

_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_CUT: Final = "CBOR ends in the middle of an item"


def check_shape(data: bytes, start: int, *, items_max: int, depth_max: int) -> int:
    """The offset just past the item at `start`: at most `items_max` items in all, nested at most `depth_max` deep.

    Raises `Malformed` for more, for lengths beyond the end of `data`, indefinite lengths and reserved heads (RFC 8949
    §3), and for tags, of which our formats have none inside. Whether heads are the shortest is for the decoder.
    """
    length, at, left = len(data), start, items_max
    pending = [1]  # how many items are still to come, at each level that is open
    while pending:
        if pending[-1] == 0:
            pending.pop()
            continue
        pending[-1] -= 1
        if left == 0:
            raise Malformed(f"CBOR of more than {items_max:,} items")
        left -= 1
        if at >= length:
            raise Malformed(_CUT)
        major, info, at = data[at] >> 5, data[at] & 31, at + 1
        if info > 27 or major == _TAG:
            raise Malformed("CBOR of indefinite length, a reserved head, or a tag")
        count = info
        if info > 23:
            width = 1 << info - 24
            count = int.from_bytes(data[at : at + width])
            at += width
        if major in (_BYTES, _TEXT):
            at += count
        elif major in (_ARRAY, _MAP):
            within = count if major == _ARRAY else 2 * count
            if within > left:
                raise Malformed(f"CBOR of more than {items_max:,} items")
            if len(pending) > depth_max:
                raise Malformed("CBOR nested too deeply")
            pending.append(within)
        if at > length:
            raise Malformed(_CUT)
    return at
