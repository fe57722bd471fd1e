"""What is written holds no live formula, says what was given, and is the same bytes for the same table."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing.cells import Formula, is_formula_like
from api.importing.table_reader import Column, table_of
from api.importing.table_writer import csv_table, xlsx_table

# What XML 1.0 can say: no control characters but tab and line feed, no surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
LIVE = st.sampled_from("=+-@＝＋－＠\t").flatmap(lambda start: TEXT.map(lambda rest: start + rest))


@given(st.lists(TEXT | LIVE, min_size=1, max_size=5))
def test_no_cell_of_a_workbook_is_live_and_each_says_what_was_given(texts: list[str]) -> None:
    book: Any = openpyxl.load_workbook(io.BytesIO(xlsx_table([texts], "x")))
    for cell, text in zip(next(book.active.iter_rows(max_col=len(texts))), texts, strict=True):
        assert cell.data_type != "f"
        assert (cell.value or "") == text


def test_a_workbook_written_here_has_no_formula_element() -> None:
    data = xlsx_table([["=1+1", "@SUM(A1)", '=HYPERLINK("http://x","y")']], "x")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet
    assert sheet.count('t="inlineStr"') == 3


@given(st.lists(TEXT | LIVE, min_size=1, max_size=5))
def test_no_cell_of_a_csv_file_begins_like_a_formula(texts: list[str]) -> None:
    record = next(csv.reader(io.StringIO(csv_table([texts]).decode("utf-8-sig"), newline="")), [])
    for cell, text in zip(record, texts, strict=True):
        assert cell in (text, f"'{text}")
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1+2", "@x", "\t=1", "＝1"])
def test_a_formula_is_still_known_for_one_when_it_is_read_back(text: str) -> None:
    rows = [["a", "b"], [text, "1"]]
    for data in (csv_table(rows), xlsx_table(rows, "x")):
        cell = table_of(data, "t", [Column("a")]).rows[0].cells["a"]
        assert is_formula_like(cell), data


def test_dates_and_numbers_are_cells_of_their_kind() -> None:
    rows = table_of(xlsx_table([["a", "b"], [date(2026, 3, 9), 7]], "x"), "t", [Column("a"), Column("b")]).rows
    assert rows[0].cells == {"a": datetime(2026, 3, 9), "b": 7}  # noqa: DTZ001
    assert csv_table([[date(2026, 3, 9), 7, None]]) == b"\xef\xbb\xbf2026-03-09,7,\r\n"


def test_the_same_table_is_the_same_bytes() -> None:
    rows = [["a", date(2026, 1, 1)], ["甲", None]]
    assert xlsx_table(rows, "x") == xlsx_table(rows, "x")


def test_columns_beyond_z_have_two_letters() -> None:
    header = [f"c{number}" for number in range(60)]
    rows = table_of(xlsx_table([header, header], "x"), "t", [Column(name) for name in header]).rows
    assert list(rows[0].cells.values()) == header
    assert not any(isinstance(cell, Formula) for cell in rows[0].cells.values())
