"""How names are folded for search, on both sides: what is stored and what is typed.

Change nothing here without counting up `SHAPE` (projections/engine/schema.py): rows were derived with it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

__all__ = ["escape_like", "fold_name", "fold_script", "is_han", "pieces", "plain_name"]

# Brackets, quotation marks, dashes and spaces are typed in as many ways as there are keyboards, or left out.
_LEFT_OUT: Final = frozenset(("Ps", "Pe", "Pi", "Pf", "Pd", "Zs", "Zl", "Zp", "Cc", "Cf", "Mn"))
_DOTS: Final = frozenset(".,:;!?'\"·・•‧∙⋅。、/")  # after NFKC
_JOINED: Final = frozenset(".'·・•‧∙⋅")  # between them a word goes on: A.B. and 阿·布
_HAN: Final = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x323B0))


def is_han(character: str) -> bool:
    """Whether it is a Chinese character, rare ones included (Unicode 15: extensions A to H)."""
    return any(first <= ord(character) < end for first, end in _HAN)


def fold_name(text: str) -> str:
    """NFKC, case and script folded, without brackets, dots, accents and spaces: `ＡＣＭＥ（中國）` is `acme中国`."""
    return fold_script(plain_name(text))


def plain_name(text: str) -> str:
    """As `fold_name`, in the script in which it is written."""
    return "".join(one for one in _decomposed(text) if not _is_left_out(one))


def pieces(text: str, fold: Callable[[str], str] = fold_name) -> list[str]:
    """The folded words of what was typed: brackets, commas and spaces part them, dots do not."""
    parted = "".join(" " if _is_left_out(one) and one not in _JOINED else one for one in _decomposed(text))
    return [word for word in (fold(piece) for piece in parted.split()) if word]


def fold_script(text: str) -> str:
    """Traditional characters as simplified ones, each by itself: a part of a name folds as it does within the name."""
    return text.translate(_simplified())


def escape_like(text: str) -> str:
    r"""`text` as a literal part of a LIKE pattern (escape character `\`)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _decomposed(text: str) -> str:
    """Compatibility forms and accents taken apart; `ü` stays one letter, since pinyin types it as `v`."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ü", "v")
    for toned in "ǖǘǚǜ":
        folded = folded.replace(toned, "v")
    if folded.isascii():
        return folded
    apart = unicodedata.normalize("NFKD", folded)
    return "".join(one for one in apart if unicodedata.category(one) != "Mn")


@cache
def _is_left_out(character: str) -> bool:
    return unicodedata.category(character) in _LEFT_OUT or character in _DOTS


class _Simplified(dict[int, str]):
    """What a character is in the simplified script, looked up when it is first met."""

    def __init__(self) -> None:
        from opencc import OpenCC  # noqa: PLC0415  (not for commands that search nothing)

        self._convert = OpenCC("t2s").convert

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = simplified = self._convert(character) if is_han(character) else character
        return simplified


@cache
def _simplified() -> _Simplified:
    return _Simplified()
