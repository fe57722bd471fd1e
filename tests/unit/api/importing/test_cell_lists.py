"""Lists inside a cell are read back as they were written, whatever is in them."""

from __future__ import annotations

import io

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from api.importing.cell_lists import indicators_in, indicators_text, join, split
from api.importing.cells import text_of
from api.importing.table_reader import Column, table_of
from api.importing.table_writer import csv_table, undefused, xlsx_table
from ledger.domain.events.declaration import Indicator

WORDS = st.text(alphabet="ab =＝；;|｜\\/%≤中　", min_size=1, max_size=6).map(str.strip).filter(bool)
INDICATORS = st.builds(Indicator, name=WORDS, value=WORDS, unit=st.none() | WORDS, method=st.none() | WORDS)
HOSTILE = st.text(alphabet="'=+-@＝＋－＠\t\r\n a1中,;\"|\\", max_size=8)


@given(st.lists(INDICATORS, min_size=1, max_size=3))
def test_indicators_are_read_back_as_they_were_written(indicators: list[Indicator]) -> None:
    assert indicators_in(indicators_text(indicators)) == indicators


@given(st.lists(st.none() | WORDS, min_size=1, max_size=4).filter(any))
def test_lists_are_read_back_as_they_were_written(parts: list[str | None]) -> None:
    assert [part or None for part in split(join(parts))] == parts


def test_indicators_are_written_as_people_write_them() -> None:
    (one, two) = indicators_in("能效=≥3.5 W/W GB 21455-2019；甲醛＝≤0.05")
    assert one == Indicator(name="能效", value="≥3.5", unit="W/W", method="GB 21455-2019")
    assert two == Indicator(name="甲醛", value="≤0.05")
    assert indicators_in("很好") == [None]
    assert indicators_in("=3") == [None]
    assert indicators_in("a=1|2|3|4") == [None]


@settings(max_examples=150)
@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4))
def test_no_spreadsheet_that_the_service_writes_holds_a_live_formula(rows: list[tuple[str, str]]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_table([("甲", "乙"), *rows], "表")))
    sheet = book.active
    assert sheet is not None
    for cells in sheet.iter_rows():
        for cell in cells:
            assert cell.data_type != "f"
            value = cell.value
            if isinstance(value, str) and value[:1] in "=+-@＝＋－＠\t\r\n":
                assert cell.data_type == "s"
                assert cell.quotePrefix, "stays text when somebody edits it"


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4))
def test_no_csv_that_the_service_writes_has_a_cell_that_would_be_run(rows: list[tuple[str, str]]) -> None:
    import csv  # noqa: PLC0415

    read = list(csv.reader(io.StringIO(csv_table([("甲", "乙"), *rows]).decode("utf-8-sig"), newline="")))
    for cells, written in zip(read[1:], rows, strict=True):
        assert not any(cell.lstrip(" \r\n\t").startswith(tuple("=+-@＝＋－＠")) for cell in cells)
        assert not any(cell.startswith(("\t", "\r", "\n")) for cell in cells)
        assert tuple(map(undefused, cells)) == written


@given(HOSTILE)
def test_the_apostrophe_that_a_csv_needs_is_taken_away_again(text: str) -> None:
    table = table_of(csv_table([("甲", "乙"), (text, "x")]), "t.csv", (Column("甲"), Column("乙")))
    (row,) = table.rows
    assert text_of(row.cells["甲"]) == text_of(text)
