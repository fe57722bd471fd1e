"""What a cell of a table may hold, and its text. A formula is never evaluated: it is a kind of cell, and a flaw."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

__all__ = ["Cell", "Formula", "fold_label", "is_formula_like", "text_of"]

_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_NONE_MARKS: Final = frozenset({"-", "--", "—", "——", "/", "\\", "无", "n/a", "N/A"})


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula, or the error that one left behind: `text` is what stands in the file."""

    text: str


Cell = str | int | float | datetime | Formula | None


def text_of(cell: Cell) -> str:
    """The cell as text, trimmed; "" for an empty one, and for a mark that means "none" (`-`, `/`, `无`).

    Whole numbers lose their decimals, as spreadsheets store 370212 as 370212.0; dates are ISO 8601.
    """
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = cell.text if isinstance(cell, Formula) else str(cell)
    # a carriage return as XLSX writes it (ECMA-376 Part 1, §22.9.2.19), then line ends as one character
    text = text.replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n").strip().strip("\ufeff")
    return "" if text in _NONE_MARKS else text


def is_formula_like(cell: Cell) -> bool:
    """Whether a spreadsheet would run the cell, or its text once it is written into a CSV file.

    Negative numbers are numbers; a leading apostrophe is what a cautious program put before a formula.
    """
    if isinstance(cell, Formula):
        return True
    if not isinstance(cell, str):
        return False
    start = unicodedata.normalize("NFKC", text_of(cell)).removeprefix("'").lstrip()
    return start.startswith(_FORMULA_STARTS)


def fold_label(text: str) -> str:
    """A column's name or a word from a closed list, for comparing: NFKC, no spaces, marks or brackets' content."""
    folded = unicodedata.normalize("NFKC", text)
    for opening, closing in (("(", ")"), ("[", "]"), ("【", "】")):
        before, found, rest = folded.partition(opening)
        if found and closing in rest:
            folded = before + rest.partition(closing)[2]
    return "".join(folded.replace("*", "").split()).casefold()
