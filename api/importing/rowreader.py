"""Takes a row's cells apart one by one and notes what is wrong, at most one flaw a column."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

from api.importing.cells import Formula, is_formula_like, text_of
from api.importing.dates import EPOCH_1900, parse_date
from api.importing.flaws import Flaw, Unreadable, Verdict, excerpt
from api.importing.screen import personal_data_in
from api.importing.tables import Row

__all__ = ["RowReader"]

T = TypeVar("T")

_PERSONAL_ZH: Final = {"mobile number": "手机号码", "identity number": "身份证件号码"}


class RowReader:
    """Reads the cells of one row; every reader gives None where the column is empty or flawed."""

    def __init__(self, row: Row, epoch: date = EPOCH_1900) -> None:
        self._cells = row.cells
        self._epoch = epoch
        self._flaws: dict[str, Flaw] = {}
        for column, cell in row.cells.items():
            if is_formula_like(cell):
                shown = excerpt(cell.text if isinstance(cell, Formula) else str(cell))
                self.refuse(
                    "cell.formula",
                    column,
                    f"{shown}是公式或以 = + - @ 开头, 未执行; 请改为普通文字",
                    f"{shown} is a formula or begins with = + - @; it was not run; write plain text",
                )

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        return tuple(self._flaws.values())

    def refuse(self, rule: str, column: str, zh: str, en: str) -> None:
        self._note("refused", rule, column, zh, en)

    def flag(self, rule: str, column: str, zh: str, en: str) -> None:
        self._note("flagged", rule, column, zh, en)

    def text(self, column: str) -> str:
        """The column's text as it stands, trimmed; "" if there is none."""
        return text_of(self._cells.get(column))

    def line(self, column: str, *, chars_max: int, required: bool = True, several_lines: bool = False) -> str | None:
        """Text of at most `chars_max` characters."""
        text = self._present(column, required)
        if text is None:
            return None
        if len(text) > chars_max:
            self.refuse(
                "text.too_long",
                column,
                f"有 {len(text)} 个字, 最多 {chars_max} 个",
                f"has {len(text)} characters, at most {chars_max} are possible",
            )
            return None
        odd = next((char for char in text if _is_odd(char) and not (several_lines and char == "\n")), None)
        if odd is not None:
            self.flag(
                "text.odd_character",
                column,
                f"含有无法显示的字符 U+{ord(odd):04X}, 可能是换行、控制符或自造字; 请更正",
                f"holds U+{ord(odd):04X}, a line break, control or private character; write it in standard characters",
            )
            return None
        return text

    def choice(self, column: str, words: Mapping[str, T], *, required: bool = True) -> T | None:
        """One of a closed list of words; widths of characters and spaces do not matter."""
        text = self._present(column, required)
        if text is None:
            return None
        folded = {_fold(word): value for word, value in words.items()}
        if _fold(text) in folded:
            return folded[_fold(text)]
        known = "、".join(words)
        self.refuse(
            "value.unknown", column, f"{excerpt(text)}不在可选值之内: {known}", f"{excerpt(text)} is none of: {known}"
        )
        return None

    def date(self, column: str, *, required: bool = True, pattern: str | None = None) -> date | None:
        """A calendar date in any clear notation, or in that of `pattern` alone."""
        if self._present(column, required) is None:
            return None
        try:
            return parse_date(self._cells.get(column), pattern=pattern, epoch=self._epoch)
        except Unreadable as unreadable:
            self.unreadable(column, unreadable)
            return None

    def unreadable(self, column: str, error: Unreadable) -> None:
        self.refuse(error.rule, column, error.zh, error.en)

    def screen(self, *columns: str) -> None:
        """Flag free text that holds a mobile or identity number. The number itself is not repeated."""
        for column in columns:
            found = personal_data_in(self.text(column))
            if found is not None:
                self.flag(
                    "personal.number",
                    column,
                    f"似含{_PERSONAL_ZH[found]}; 账本不得含个人信息, 请删除",
                    f"seems to hold a {found}; no personal data may enter the book, take it out",
                )

    def _present(self, column: str, required: bool) -> str | None:
        """The column's text; None, with a flaw if it is required, where it is empty, or flawed already."""
        if column in self._flaws:
            return None
        text = self.text(column)
        if text:
            return text
        if required:
            self.refuse("value.missing", column, "为空, 必须填写", "is empty and must be filled in")
        return None

    def _note(self, verdict: Verdict, rule: str, column: str, zh: str, en: str) -> None:
        self._flaws.setdefault(column, Flaw(verdict, rule, column, f"{column}: {zh}", f"{column}: {en}"))


def _fold(word: str) -> str:
    return "".join(unicodedata.normalize("NFKC", word).split()).casefold()


def _is_odd(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Co", "Cs", "Zl", "Zp")
