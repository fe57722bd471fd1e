"""The names that the book has for an enterprise, held against the one that a row gives with its code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.importing.duplicates import fold_name
from api.importing.validation_errors import ValidationError, excerpt
from ledger.errors import Malformed

__all__ = ["BookNames", "names_in_answer", "other_name"]


@dataclass(frozen=True, slots=True)
class BookNames:
    """The name that an enterprise has now, and those that it had."""

    current: str
    former: tuple[str, ...] = ()


def names_in_answer(answer: Mapping[str, Any]) -> BookNames:
    """Of what `POST /v1/enterprises/query` says of one. Raises `Malformed`."""
    try:
        return BookNames(str(answer["name"]), tuple(str(one["name"]) for one in answer["former_names"]))
    except (KeyError, TypeError):
        raise Malformed("the service's answer about an enterprise does not name it") from None


def other_name(name: str, book: BookNames) -> ValidationError | None:
    """A flaw that gives both names, where the row's is not the book's: widths, case, spaces and punctuation apart."""
    if not name or fold_name(name) == fold_name(book.current):
        return None
    both_zh = f"本行为{excerpt(name)}，账本中该代码为{excerpt(book.current)}"
    both_en = f"the row says {excerpt(name)}, and the book has {excerpt(book.current)} under this code"
    if fold_name(name) in map(fold_name, book.former):
        zh, en = (
            f"{both_zh}；前者为曾用名，请填写现名",
            f"{both_en}: that is a former name, give the present one",
        )
        return ValidationError("flagged", "enterprise.former_name", "", zh, en)
    zh = f"{both_zh}；请核实代码；如已更名，请先登记更名"
    en = f"{both_en}: find out whether the code is right; if it has a new name, record that first"
    return ValidationError("flagged", "enterprise.other_name", "", zh, en)
