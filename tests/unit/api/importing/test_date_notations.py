"""Dates are read in every notation that has one reading, and refused, with the reason, in every other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing.cells import Cell
from api.importing.date_notations import EPOCH_1900, EPOCH_1904, parse_date
from api.importing.validation_errors import Unreadable

_WIDE = str.maketrans("0123456789-/.", "０１２３４５６７８９－／．")
_CHINESE = "〇一二三四五六七八九"

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else _CHINESE[tens]) + "十" if tens else "") + (_CHINESE[ones] if ones else "")


NOTATIONS: list[Callable[[date], Cell]] = [
    lambda d: d.isoformat(),
    lambda d: f"{d.year}/{d.month}/{d.day}",
    lambda d: f"{d.year}.{d.month}.{d.day}",
    lambda d: f" {d:%Y%m%d} ",
    lambda d: int(f"{d:%Y%m%d}"),
    lambda d: f"{d.year}年{d.month}月{d.day}日",
    lambda d: f"{d.year} 年 {d.month} 月 {d.day} 号",
    lambda d: d.isoformat().translate(_WIDE),
    lambda d: f"{d:%Y%m%d}".translate(_WIDE),
    lambda d: f"{d:%Y/%m/%d}".translate(_WIDE),
    lambda d: f"{d} 23:59",
    lambda d: f"{d}T00:00:00",
    lambda d: f"{d:%Y}–{d:%m}–{d:%d}",
    lambda d: "".join(_CHINESE[int(c)] for c in str(d.year)) + f"年{_numeral(d.month)}月{_numeral(d.day)}日",
    lambda d: datetime(d.year, d.month, d.day, 13, 30),  # noqa: DTZ001
    lambda d: (d - EPOCH_1900).days,
    lambda d: float((d - EPOCH_1900).days) + 0.5,
]


@given(DAYS, st.sampled_from(NOTATIONS))
def test_every_clear_notation_gives_the_day_that_was_meant(day: date, notation: Callable[[date], Cell]) -> None:
    assert parse_date(notation(day)) == day


def test_serial_numbers_follow_the_workbooks_own_day_zero() -> None:
    assert parse_date(46_090, epoch=EPOCH_1900) == date(2026, 3, 9)
    assert parse_date(46_090 - 1_462, epoch=EPOCH_1904) == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("03/04/2026", "date.unclear"),
        ("15/03/26?", "date.unclear"),
        ("26-3-9", "date.unclear"),
        ("三月十五", "date.unclear"),
        ("3月9日", "date.unclear"),
        ("2026年3月", "date.unclear"),
        ("2026-3", "date.unclear"),
        ("26年3月9日", "date.unclear"),
        ("46090", "date.unclear"),  # as text nobody knows which day is day 0
        ("260309", "date.unclear"),
        ("2026-03/09", "date.unclear"),
        ("长期", "date.unclear"),
        ("2026-03-09Z", "date.unclear"),
        ("", "date.unclear"),
        ("2026-13-01", "date.impossible"),
        ("2026-02-30", "date.impossible"),
        ("二〇二六年十十月一日", "date.impossible"),
        ("0026-03-09", "date.year"),
    ],
)
def test_what_could_be_meant_otherwise_is_refused_and_says_why(text: str, rule: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_date(text)
    assert refused.value.rule == rule
    assert text in refused.value.zh
    assert text in refused.value.en


def test_a_given_form_decides_what_would_be_ambiguous() -> None:
    assert parse_date("09/12/2016", patterns=["%m/%d/%Y"]) == date(2016, 9, 12)
    with pytest.raises(Unreadable, match="not in the form"):
        parse_date("2016-09-12", patterns=["%m/%d/%Y"])


@given(st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_no_cell_makes_the_reader_fail_otherwise(cell: str | int | float) -> None:
    with suppress(Unreadable):
        assert parse_date(cell).year in range(1990, 2101)


def test_of_several_given_forms_the_first_that_fits_decides() -> None:
    forms = ["%Y-%m-%d", "%m/%d/%Y"]
    assert parse_date("2016-09-12", patterns=forms) == parse_date("09/12/2016", patterns=forms) == date(2016, 9, 12)
    with pytest.raises(Unreadable, match=r"%Y-%m-%d, %m/%d/%Y"):
        parse_date("12.9.2016", patterns=forms)


@pytest.mark.parametrize("text", ["46091", "４６０９１", " 46091 "])
def test_a_number_of_five_digits_is_told_to_be_a_spreadsheets_serial_number(text: str) -> None:
    with pytest.raises(Unreadable, match="serial number"):
        parse_date(text)
