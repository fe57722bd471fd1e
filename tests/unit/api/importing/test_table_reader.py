"""Tables are read as people hand them in: any encoding, delimiter and header; and nothing more than is asked for."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing import pledge_template as template
from api.importing import table_reader as tables
from api.importing.cells import Formula
from api.importing.table_reader import Column, read_table, table_of
from api.importing.table_writer import csv_table, xlsx_table
from ledger.errors import Malformed
from tests.unit.api.importing.conftest import roster_csv, write

A, B = Column("承诺人名称"), Column("备注", required=False)
# No character that GB 18030 and UTF-8 share bytes for, so that the encoding can be told; no lone marks for "none".
CELL = st.text("甲乙丙𬭚㛃éa1 ,;|\t\"'\n", min_size=1, max_size=12).map(lambda text: f"甲{text}乙")


@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.sampled_from(",\t;|"),
)
def test_a_csv_table_reads_the_same_in_every_encoding_and_with_every_delimiter(
    rows: list[tuple[str, str]], encoding: str, delimiter: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(
        [("序号", A.name, B.name), *((str(n), *r) for n, r in enumerate(rows))]
    )
    data = out.getvalue().encode(encoding)
    table = table_of(data, "t.csv", (A, B))
    assert [tuple(row.cells.values()) for row in table.rows] == rows
    assert [row.number for row in table.rows] == list(range(2, len(rows) + 2))
    assert table.file_sha256 == sha256(data).hexdigest()


@pytest.mark.parametrize("header", ["承诺人 名称", "承诺人名称（必填）", "*承诺人名称", " 承诺人名称\n", "企业名称"])
def test_a_header_is_found_however_it_is_decorated_and_below_titles(header: str) -> None:
    column = Column("承诺人名称", also=("企业名称",))
    for write_table in (csv_table, lambda rows: xlsx_table(rows, "x")):
        table = table_of(write_table([["2026 年名单", ""], ["", ""], ["序号", header], ["1", "某厂"]]), "t", [column])
        assert [(row.number, row.cells) for row in table.rows] == [(4, {"承诺人名称": "某厂"})]


def test_full_width_headers_are_the_same_headers() -> None:
    assert table_of(csv_table([["ＡＢ", "x"], ["1", "2"]]), "t", [Column("AB")]).rows[0].cells == {"AB": "1"}


def test_contact_persons_and_telephones_never_leave_the_reader() -> None:
    table = table_of(roster_csv({}), "t", template.COLUMNS)
    assert template.CONTACT not in table.columns
    assert template.TELEPHONE not in table.columns
    assert "张小三" not in repr(table)
    assert "13910800909" not in repr(table)


def test_a_live_formula_is_read_as_one_and_never_as_its_value() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["承诺人名称", "备注"])
    sheet.append(["=1+1", 46_090])
    sheet.append(["#REF!", datetime(2026, 3, 9)])  # noqa: DTZ001
    sheet["A3"].data_type = "e"
    out = io.BytesIO()
    book.save(out)
    rows = table_of(out.getvalue(), "t.xlsx", (A, B)).rows
    assert rows[0].cells == {A.name: Formula("=1+1"), B.name: 46_090}
    assert rows[1].cells == {A.name: Formula("#REF!"), B.name: datetime(2026, 3, 9)}  # noqa: DTZ001


def test_empty_rows_are_passed_over_and_row_numbers_stay_the_spreadsheets_own() -> None:
    table = table_of(xlsx_table([[A.name, "x"], ["甲", ""], [], ["", "only x"], ["乙", ""]], "x"), "t", (A,))
    assert [(row.number, row.cells[A.name]) for row in table.rows] == [(2, "甲"), (5, "乙")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "names these columns"),
        (csv_table([["x", "y"], ["1", "2"]]), "承诺人名称"),
        (csv_table([[A.name, A.name]]), "two columns"),
        (b"\xd0\xcf\x11\xe0rest", ".xls"),
        ("承诺人名称".encode("utf-16"), "UTF-16"),
        (b"a\0b", "zero bytes"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB 18030"),
        (b"PK\x03\x04broken", "not a readable XLSX"),
    ],
)
def test_what_is_no_table_is_refused_with_what_would_help(data: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        table_of(data, "t", (A, B))


def test_two_sheets_that_look_like_the_table_are_refused() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("second")
    for sheet in book.worksheets:
        sheet.append([A.name])
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(Malformed, match="2 sheets"):
        table_of(out.getvalue(), "t.xlsx", (A,))


def test_hidden_sheets_are_not_read() -> None:
    book = openpyxl.Workbook()
    book.active.append([A.name])  # type: ignore[union-attr]
    book.active.append(["甲"])  # type: ignore[union-attr]
    hidden = book.create_sheet("hidden")
    hidden.append([A.name])
    hidden.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    assert len(table_of(out.getvalue(), "t.xlsx", (A,)).rows) == 1


def _repacked(change: Any) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_table([[A.name], ["甲"]], "x"))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
    return out.getvalue()


def test_a_workbook_that_declares_entities_is_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    data = _repacked(lambda part, content: content.replace(b"?>\n", b"?>\n" + bomb, 1) if "sheet1" in part else content)
    with pytest.raises(Malformed, match="document type"):
        table_of(data, "t.xlsx", (A,))


def test_a_workbook_that_unpacks_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.importing.xlsx_file.IMPORT_UNPACKED_BYTES_MAX", 1_000)
    with pytest.raises(Malformed, match="when unpacked"):
        table_of(xlsx_table([[A.name], ["甲" * 500]], "x"), "t.xlsx", (A,))


def test_limits_on_bytes_rows_and_cells_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = csv_table([[A.name], ["甲"], ["乙"], ["丙"]])
    monkeypatch.setattr(tables, "IMPORT_ROWS_MAX", 2)
    with pytest.raises(Malformed, match="more than 2 rows"):
        table_of(data, "t", (A,))
    monkeypatch.setattr(tables, "IMPORT_CELL_CHARS_MAX", 0)
    with pytest.raises(Malformed, match="row 2: a cell"):
        table_of(data, "t", (A,))
    monkeypatch.setattr(tables, "IMPORT_FILE_BYTES_MAX", 10)
    with pytest.raises(Malformed, match="at most 10 bytes"):
        read_table(write(tmp_path / "t.csv", data), (A,))


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\xef\xbb\xbf", "承诺人名称\n".encode()]))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes, start: bytes) -> None:
    with suppress(Malformed):
        table_of(start + data, "t", (A,))


@given(st.data())
def test_no_damaged_workbook_makes_the_reader_fail_otherwise(data: st.DataObject) -> None:
    whole = bytearray(xlsx_table([[A.name], ["甲"]], "x"))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Malformed):
        table_of(bytes(whole), "t.xlsx", (A,))
