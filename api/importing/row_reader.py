"""Takes a row's cells apart one by one and notes what is wrong, at most one flaw a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from datetime import date as Day  # noqa: N812 `date` is a reader's name, too
from functools import lru_cache
from typing import Final, TypeVar

from api.importing.cells import Formula, is_formula_like, text_of
from api.importing.date_notations import EPOCH_1900, parse_date
from api.importing.table_reader import ENTRIES, TableRow
from api.importing.validation_errors import Unreadable, ValidationError, Verdict, excerpt
from ledger.domain.values.enterprise_code import masked
from ledger.domain.values.forbidden_characters import FORBIDDEN
from ledger.domain.values.personal_data import KIND_WORDS, screen

__all__ = ["RowReader"]

T = TypeVar("T")

_MONTH: Final = re.compile(r"((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*月?")

_NUMBER_MAX: Final = 10**15  # IEEE 754 double precision holds 15 decimal digits for sure
_BEYOND: Final = "表头之外", "beyond the header"
_SUSPECT: Final = re.compile(FORBIDDEN.pattern + "|[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")  # and private ones
_ENTRIES_MAX: Final = 64  # of one row: a pledge, its publication, its corrections


_screened: Final = lru_cache(maxsize=1_024)(screen)  # the rows of a table mostly say the same: ground, liability, body


class RowReader:
    """Reads the cells of one row; every reader gives None where the column is empty or flawed.

    `entries`: those that the row names as what it is in the book already; nothing of it will be sent, so that free text
    is not screened. `approved`: somebody has looked at what only might be personal data, and lets it pass.
    """

    def __init__(self, row: TableRow, epoch: date = EPOCH_1900, *, approved: bool = False) -> None:
        self._cells = row.cells
        self._epoch = epoch
        self._approved = approved
        self._flaws: dict[str, ValidationError] = {}
        self.entries = self._entries()
        if row.surplus:
            self.flag(
                "row.too_long",
                _BEYOND[0],
                f"本行比表头多 {row.surplus} 格，其中的文字可能被分隔符截断；请用引号括起含分隔符的文字",
                f"{_BEYOND[1]}: this row has {row.surplus} cells more than the header; a text may have been cut at a "
                "separator; put it in quotation marks",
            )
        for column, cell in row.cells.items():
            if isinstance(cell, Formula) or (is_formula_like(cell) and not self.entries):
                shown = excerpt(cell.text if isinstance(cell, Formula) else str(cell))
                self.refuse(
                    "cell.formula",
                    column,
                    f"{shown}是公式或以 = + - @ 开头，未执行；请改为普通文字",
                    f"{shown} is a formula or begins with = + - @; it was not run; write plain text",
                )
            elif isinstance(cell, int | float) and abs(cell) >= _NUMBER_MAX:
                self.refuse(
                    "cell.number_digits",
                    column,
                    "数字单元格超过 15 位，已丢失末尾数字；请改为文本格式后重新填写",
                    "a number cell of more than 15 digits: a number cell lost digits of the code; format it as text "
                    "and fill it in again",
                )

    @property
    def flaws(self) -> tuple[ValidationError, ...]:
        return tuple(self._flaws.values())

    def refuse(self, rule: str, column: str, zh: str, en: str) -> None:
        self._note("refused", rule, column, zh, en)

    def flag(self, rule: str, column: str, zh: str, en: str) -> None:
        self._note("flagged", rule, column, zh, en)

    def has(self, column: str) -> bool:
        """Whether the table has the column at all."""
        return column in self._cells

    def text(self, column: str) -> str:
        """The column's text as it stands, trimmed; "" if there is none."""
        return text_of(self._cells.get(column))

    def shown(self, column: str) -> str:
        """The column's text as a report may repeat it: resident identity numbers masked."""
        return masked(self.text(column))

    def line(self, column: str, *, chars_max: int, required: bool = True, several_lines: bool = False) -> str | None:
        """Text of at most `chars_max` characters."""
        text = self._present(column, required)
        if text is None:
            return None
        if len(text) > chars_max:
            self.refuse(
                "text.too_long",
                column,
                f"有 {len(text)} 个字，最多 {chars_max} 个",
                f"has {len(text)} characters, at most {chars_max} are possible",
            )
            return None
        if _SUSPECT.search(text) is not None:  # most cells need no closer look
            odd = next((char for char in text if _is_odd(char) and not (several_lines and char == "\n")), None)
            if odd is not None:
                self.flag(
                    "text.odd_character",
                    column,
                    f"含有无法显示的字符 U+{ord(odd):04X}，可能是换行、控制符或自造字；请更正",
                    f"holds U+{ord(odd):04X}, a line break, control or private character; use standard ones",
                )
                return None
            hidden = FORBIDDEN.search(text.replace("\n", ""))
            if hidden is not None:
                self.refuse(
                    "text.hidden_character",
                    column,
                    f"第 {text.index(hidden[0]) + 1} 个字是不显示的字符 U+{ord(hidden[0]):04X}；请删除",
                    f"character {text.index(hidden[0]) + 1}, U+{ord(hidden[0]):04X}, does not show; take it out",
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
            "value.unknown", column, f"{excerpt(text)}不在可选值之内：{known}", f"{excerpt(text)} is none of: {known}"
        )
        return None

    def date(self, column: str, *, required: bool = True, patterns: Sequence[str] = ()) -> date | None:
        """A calendar date in any clear notation, or in one of `patterns` alone."""
        if self._present(column, required) is None:
            return None
        try:
            return parse_date(self._cells.get(column), patterns=patterns, epoch=self._epoch)
        except Unreadable as unreadable:
            self.unreadable(column, unreadable)
            return None

    def month(self, column: str, *, required: bool = True, patterns: Sequence[str] = ()) -> tuple[Day, bool] | None:
        """A month (2026-03, 2026年3月), as its first day and True, or a date as `date` reads it, and False."""
        match = None if patterns else _MONTH.fullmatch(unicodedata.normalize("NFKC", self.text(column)))
        if match and column not in self._flaws and 1 <= int(match[2]) <= 12:
            return Day(int(match[1]), int(match[2]), 1), True
        found = self.date(column, required=required, patterns=patterns)
        return None if found is None else (found, False)

    def unreadable(self, column: str, error: Unreadable) -> None:
        self.refuse(error.rule, column, error.zh, error.en)

    def screen(self, *columns: str, names: bool = True) -> None:
        """Flag free text that holds, or (with `names`) seems to hold, personal data. The data is not repeated."""
        for column in columns:
            hits = () if self.entries else _screened(self.text(column))
            for hit in sorted(hits, key=lambda hit: not hit.certain):
                zh, en = KIND_WORDS[hit.kind]
                place = f"第 {hit.start + 1} 字起", f"at character {hit.start + 1}"
                if hit.certain:
                    self.flag(
                        "personal.number",
                        column,
                        f"{place[0]}似含{zh}；账本不得含个人信息，请删除",
                        f"seems to hold a {en} {place[1]}; no personal data may enter the book, take it out",
                    )
                elif names and not self._approved:
                    self.flag(
                        "personal.possible",
                        column,
                        f"{place[0]}可能含{zh}；请删除，或核实不是个人信息后准许本行（命令行：--approve）",
                        f"may hold a {en} {place[1]}; take it out, or make sure that it is none and let the row pass "
                        "with --approve",
                    )

    def _entries(self) -> tuple[int, ...]:
        words = self.text(ENTRIES).replace(",", " ").split()
        if len(words) <= _ENTRIES_MAX and all(word.isascii() and word.isdigit() and len(word) <= 15 for word in words):
            return tuple(int(word) for word in words)
        self.refuse(
            "value.unknown",
            ENTRIES,
            "应为账本中的记录序号，以空格分隔",
            "holds the entries' numbers, with spaces between",
        )
        return ()

    def _present(self, column: str, required: bool) -> str | None:
        """The column's text; None, with a flaw if it is required, where it is empty, or flawed already."""
        if column in self._flaws:
            return None
        text = self.text(column)
        if text:
            return text
        if required:
            self.refuse("value.missing", column, "为空，必须填写", "is empty and must be filled in")
        return None

    def _note(self, verdict: Verdict, rule: str, column: str, zh: str, en: str) -> None:
        self._flaws.setdefault(column, ValidationError(verdict, rule, column, f"{column}：{zh}", f"{column}: {en}"))


def _fold(word: str) -> str:
    return "".join(unicodedata.normalize("NFKC", word).split()).casefold()


def _is_odd(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Co", "Cs", "Zl", "Zp")
