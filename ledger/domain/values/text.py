"""What text in an event may not hold: characters that do not show, or that show something else than is there.

Which those are, the Unicode data says (`values/forbidden_characters.py`). An entry is for ever, and a name that looks
like another is a fraud. Line feeds are for the long texts alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from ledger.domain.values.forbidden_characters import FORBIDDEN, may_hold_forbidden
from ledger.errors import Refused

__all__ = ["check_text", "fold_text"]

_LONG_TEXTS: Final = frozenset(("content", "liability", "text", "unmet", "accountability"))


def fold_text(text: str) -> str:
    """A name or number by which two are the same however they are typed: NFKC, upper case, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def check_text(encoded: bytes, content: Struct) -> None:
    """Refuse hidden characters in `content`, whose canonical JSON is `encoded`. Raises `Refused`, naming the field."""
    if not may_hold_forbidden(encoded):
        return
    for name, text in _strings("", msgspec.to_builtins(content)):
        unfit = FORBIDDEN.search(text.replace("\n", "") if name in _LONG_TEXTS else text)
        if unfit is not None:
            raise Refused(
                "text.hidden_character",
                f"{name} 中含有不可见的控制字符，请删除",
                f"{name} holds a character that does not show; leave it out",
                f"U+{ord(unfit[0]):04X}",
            )


def _strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every string in decoded JSON, keys included, with the name of the field that it is in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield name or key, key
            yield from _strings(key, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(name, inner)
