"""How names and codes are folded for search, on both sides: what is stored and what is typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from operator import add

__all__ = ["escape_like", "fold_name", "grams", "grams_of"]


def fold_name(text: str) -> str:
    """NFKC, case folded, without white space: `ＡＣＭＥ 公司` and `acme公司` are the same."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(folded: str) -> list[str]:
    """What a name must have among its grams to contain `folded`: its pairs, or itself if it is one character."""
    if len(folded) < 2:
        return [folded] if folded else []
    return sorted({folded[at : at + 2] for at in range(len(folded) - 1)})


def grams_of(names: Iterable[str]) -> list[str]:
    """By what folded names are indexed: all that they hold of one and two characters, repetitions included."""
    found: list[str] = []
    for name in names:
        found += name
        found += map(add, name, name[1:])
    return found


def escape_like(text: str) -> str:
    r"""`text` as a literal part of a LIKE pattern (escape character `\`)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
