"""Why something was found, in one word for programs and people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from projections.search.folding import fold_name, plain_name
from projections.search.query import Query

__all__ = ["MATCHED", "Matched", "Rank", "why"]

Matched = Literal[
    "exact_code",
    "organisation_code",
    "code",
    "exact_name",
    "former_name",
    "words",
    "traditional",
    "pinyin",
    "initials",
    "similar",
]
MATCHED: Final[dict[Matched, tuple[str, str]]] = {
    "exact_code": ("统一社会信用代码一致", "the code is the one typed"),
    "organisation_code": ("组织机构代码一致", "the organisation code within its code is the one typed"),
    "code": ("代码以所输入的字符开头", "the code begins with what was typed"),
    "exact_name": ("名称一致", "the name is the one typed, but for brackets, dots, width and case"),
    "former_name": ("曾用名相符", "a former name holds what was typed"),
    "words": ("名称含有所输入的词", "the name holds all words typed"),
    "traditional": ("繁简转换后相符", "the name holds what was typed, in the other script"),
    "pinyin": ("拼音相符", "the name is read as typed"),
    "initials": ("拼音首字母相符", "the syllables of the name begin as typed"),
    "similar": ("名称相近，相差一处", "the name holds what was typed but for one slip"),
}


class Rank:
    """Places in an answer, best first, as the named statements `search_…` give them."""

    EXACT_CODE: Final = 0
    ORGANISATION: Final = 1
    CODE: Final = 5
    NAME: Final = range(2, 10)
    PINYIN: Final = range(10, 13)
    INITIALS: Final = range(13, 16)
    SIMILAR: Final = 16


def why(rank: int, query: Query, name: str, former: Sequence[str]) -> tuple[Matched, str | None]:
    """What matched, by the place that it got; and the former name, where it was one of those."""
    if rank == Rank.EXACT_CODE:
        return "exact_code", None
    if rank == Rank.ORGANISATION:
        return "organisation_code", None
    if rank == Rank.CODE:
        return "code", None
    if rank in Rank.PINYIN:
        return "pinyin", None
    if rank in Rank.INITIALS:
        return "initials", None
    if rank == Rank.SIMILAR:
        return "similar", None
    return _by_name(query, name, former)


def _by_name(query: Query, name: str, former: Sequence[str]) -> tuple[Matched, str | None]:
    if not _holds(fold_name(name), query.words):
        for one in former:
            if _holds(fold_name(one), query.words):
                return "former_name", one
    if not _holds(plain_name(name), query.written):
        return "traditional", None
    return ("exact_name" if fold_name(name) == query.joined else "words"), None


def _holds(folded: str, words: Sequence[str]) -> bool:
    return all(word in folded for word in words)
