"""Characters that may not stand in text: those that do not show, or look like nothing, by the Unicode data.

Pinned as ranges, so that one version of the book forbids the same whatever Python reads it; a test makes them again:
general categories Cc, Cf, Cs, Zl, Zp; Zs but for space, no-break space and ideographic space, which people type;
Default_Ignorable_Code_Point as DerivedCoreProperties derives it (UAX #44: Other_Default_Ignorable_Code_Point and
Variation_Selector of PropList, unassigned ones included, beside Cf); and U+2800, a Braille cell without dots.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORBIDDEN", "FORBIDDEN_RANGES", "may_hold_forbidden"]

# First and last code point, of Unicode 16.0
FORBIDDEN_RANGES: Final = (
    (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x0600, 0x0605), (0x061C, 0x061C),
    (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2), (0x115F, 0x1160), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)  # fmt: skip

# One of them; matched against text, line feeds included.
FORBIDDEN: Final = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in FORBIDDEN_RANGES) + "]")

# Python calls most of them not printable, and looks for that eight times as fast as a pattern; these are the others,
# as the Python at hand has them: a search for a few is fast, too. JSON writes control characters with a backslash.
_PRINTABLE: Final = [
    chr(one) for first, last in FORBIDDEN_RANGES for one in range(first, last + 1) if chr(one).isprintable()
]
_SEEN: Final = re.compile("[\\\\" + "".join(one for one in _PRINTABLE if one <= "\uffff") + "]")
_FIRST_BYTES: Final = {one.encode()[:1] for one in _PRINTABLE if one > "\uffff"}


def may_hold_forbidden(encoded: bytes) -> bool:
    """Whether text in canonical JSON needs a closer look: False is sure. Takes less than half of what a search for
    `FORBIDDEN` takes (4 µs of 10 for a payload of 1 kB), on the way of every statement."""
    text = encoded.decode()
    return not text.isprintable() or _SEEN.search(text) is not None or any(one in encoded for one in _FIRST_BYTES)
