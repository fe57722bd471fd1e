"""Characters that may not stand in text: those that do not show, or look like nothing, by the Unicode data.

Pinned as ranges, so that one version of the book forbids the same whatever Python reads it; a test makes them again:
general categories Cc, Cf, Cs, Zl, Zp; Zs but for space, no-break space and ideographic space, which people type;
Default_Ignorable_Code_Point as DerivedCoreProperties derives it (UAX #44: Other_Default_Ignorable_Code_Point and
Variation_Selector of PropList, unassigned ones included, beside Cf); and U+2800, a Braille cell without dots.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORBIDDEN", "FORBIDDEN_RANGES"]

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
