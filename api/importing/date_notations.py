"""Calendar dates as people write them. What could be read in two ways is refused, with the reason."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from api.importing.cells import Cell, text_of
from api.importing.validation_errors import Unreadable, excerpt

__all__ = ["EPOCH_1900", "EPOCH_1904", "parse_date"]

# Day 0 of spreadsheet serials. 1899-12-30 because the 1900 system counts a 29 February 1900 that never was.
EPOCH_1900: Final = date(1899, 12, 30)
EPOCH_1904: Final = date(1904, 1, 1)

_YEARS: Final = range(1990, 2101)
_SERIALS: Final = range(32_874, 73_416)  # 1990 to 2100 in the 1900 system
_CLOCK: Final = re.compile(r"[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\Z")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_SEPARATED: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERAL: Final = "[0-9一二三四五六七八九十]{1,3}"
_CHINESE: Final = re.compile(rf"([0-9〇零一二三四五六七八九]{{4}})年({_NUMERAL})月({_NUMERAL})[日号]")
_DIGITS: Final = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"〇": 0}

_UNCLEAR: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = (
    (
        re.compile(r"\d{1,2}([-/.])\d{1,2}\1(?:\d{2}|\d{4})"),
        "年、月、日的次序不明",
        "day, month and year could be read in more than one way",
    ),
    (re.compile(r"\d{5}"), "像是电子表格的日期序号", "it looks like a spreadsheet's serial number of a day"),
    (re.compile(r"\d{2}年.*"), "年份不是四位数", "the year has no four digits"),
    (re.compile(r"\d{4}(?:年|[-/.])\d{1,2}月?"), "没有写明日", "the day is missing"),
    (re.compile(rf"{_NUMERAL}(?:月|[-/.])?{_NUMERAL}[日号]?"), "没有写明年份", "the year is missing"),
    (re.compile(r"\d{6}"), "年份不是四位数", "the year has no four digits"),
)  # fmt: skip


def parse_date(cell: Cell, *, patterns: Sequence[str] = (), epoch: date = EPOCH_1900) -> date:
    """The date in a cell: 2026-03-09, 2026/3/9, 2026.3.9, 20260309, 2026年3月9日, in full width too, a time of day
    after it (which is dropped); a date cell; a serial number, in a spreadsheet whose day 0 is `epoch`.

    With `patterns` (`strptime`'s notation) text must be in one of these forms. Raises `Unreadable`.
    """
    if isinstance(cell, datetime):
        return _checked(cell.year, cell.month, cell.day, cell.date().isoformat())
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        serial = int(cell)
        if serial in _SERIALS:
            return epoch + timedelta(days=serial)
    text = text_of(cell)
    if patterns:
        return _by_pattern(text, patterns)
    folded = unicodedata.normalize("NFKC", text).translate(_DASHES)
    folded = "".join(_CLOCK.sub("", folded).split())
    if match := _SEPARATED.fullmatch(folded):
        return _checked(int(match[1]), int(match[3]), int(match[4]), text)
    if match := _COMPACT.fullmatch(folded) or _CHINESE.fullmatch(folded):
        year, month, day = (_number(part) for part in match.groups())
        return _checked(year, month, day, text)
    for form, zh, en in _UNCLEAR:
        if form.fullmatch(folded.rstrip("?")):
            raise _unclear(text, zh, en)
    raise _unclear(text, "不是可识别的日期", "it is no date in a known notation")


def _by_pattern(text: str, patterns: Sequence[str]) -> date:
    for pattern in patterns:
        try:
            year, month, day = time.strptime(text, pattern)[:3]
        except (ValueError, re.error):
            continue
        return _checked(year, month, day, text)
    forms = ", ".join(patterns)
    raise Unreadable(
        "date.pattern", f"{excerpt(text)}不符合约定的日期格式 {forms}", f"{excerpt(text)} is not in the form {forms}"
    )


def _checked(year: int, month: int, day: int, text: str) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise Unreadable(
            "date.impossible", f"{excerpt(text)}在日历上不存在", f"there is no day {excerpt(text)} in the calendar"
        ) from None
    if year not in _YEARS:
        raise Unreadable("date.year", f"{excerpt(text)}的年份不合理", f"the year of {excerpt(text)} is not plausible")
    return found


def _number(text: str) -> int:
    """A year digit by digit (二〇二六), or a number up to 99 (二十一); ASCII digits as they are."""
    if text.isascii():
        return int(text)
    if "十" not in text:
        return int("".join(str(_DIGITS[char]) if char in _DIGITS else char for char in text))
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0  # no such month or day: refused by the calendar
    return 10 * (_number(tens) if tens else 1) + (_number(ones) if ones else 0)


def _unclear(text: str, zh: str, en: str) -> Unreadable:
    shown = excerpt(text)
    return Unreadable(
        "date.unclear", f"{shown}{zh}，请写成 2026-03-09 的形式", f"{shown}: {en}; write it as 2026-03-09"
    )
