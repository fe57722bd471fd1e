"""What is no table says what it is and how to save it; what declares a document type is not read, however hidden."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from api.importing.table_reader import Column, TableRow, table_of
from api.importing.table_writer import csv_table, xlsx_table
from ledger.errors import Malformed

NAME, NOTE = Column("承诺人名称"), Column("备注", required=False)
LONG = f"<!--{'x' * 200_000}-->"
DTD = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'


def archive(**parts: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def repacked(change: Callable[[str, bytes], dict[str, bytes]]) -> bytes:
    """A good workbook, each part of which `change` replaces by parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_table([[NAME.name], ["甲"]], "x"))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            for name, content in change(part, old.read(part)).items():
                new.writestr(name, content)
    return out.getvalue()


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + stream.encode("utf-16-le")


HTML = "<html><meta charset=gb2312><table><tr><td>承诺人名称</td></tr></table></html>"
STRICT = '<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" conformance="strict"/>'


@pytest.mark.parametrize(
    ("data", "is_"),
    [
        (HTML.encode("gb18030"), "HTML"),
        (b"\xef\xbb\xbf\r\n <!-- x --><!DOCTYPE html>\n<TABLE border=1>", "HTML"),
        (HTML.encode("utf-16"), "HTML"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "XML Spreadsheet 2003"),
        (b'<?xml version="1.0"?><o:document xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>', r"\.fods"),
        (b'<?xml version="1.0"?><rows/>', "XML file"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "MHTML"),
        (ole("Workbook"), r"\.xls"),
        (ole("EncryptedPackage"), "password"),
        (ole("WordDocument"), r"\.doc"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "BIFF"),
        (b"%PDF-1.7", "PDF"),
        (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_dot_xml="<x/>"), r"\.ods"),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "OpenDocument"),
        (archive(xl__workbook_dot_bin=b"x"), r"\.xlsb"),
        (archive(word__document_dot_xml="<x/>"), r"\.docx"),
        (archive(xl__workbook_dot_xml=STRICT), "Strict"),
        (archive(list_dot_csv="x"), "ZIP"),
    ],
)
def test_what_is_no_table_says_what_it_is_and_how_to_save_it(data: bytes, is_: str) -> None:
    with pytest.raises(Malformed, match=is_) as caught:
        table_of(data, "名单.xls", (NAME,))
    said = str(caught.value)
    assert said.startswith("名单.xls: ")
    assert "请" in said and any(word in said for word in ("save it", "unpack", "ask", "needed"))


def _declared(content: bytes, encoding: str, before: str = "") -> bytes:
    text = content.decode().partition("?>")[2]
    return f'<?xml version="1.0" encoding="{encoding}"?>{before}{DTD}{text}'.encode(encoding)


@pytest.mark.parametrize(
    "change",
    [
        lambda part, content: {part: _declared(content, "utf-8") if "sheet1" in part else content},
        lambda part, content: {part: _declared(content, "utf-16") if "sheet1" in part else content},
        lambda part, content: {part: _declared(content, "utf-8", LONG) if "sheet1" in part else content},
        lambda part, content: (
            {"xl/worksheets/sheet1.dat": _declared(content, "utf-8")}
            if part.endswith("sheet1.xml")
            else {part: content.replace(b"sheet1.xml", b"sheet1.dat")}
        ),
        lambda part, content: {part: _declared(content, "utf-8") if part == "xl/styles.xml" else content},
    ],
    ids=["plain", "UTF-16", "behind a long comment", "in a part of another name", "in the styles"],
)  # fmt: skip
def test_a_document_type_is_found_however_it_is_hidden(change: Callable[[str, bytes], dict[str, bytes]]) -> None:
    with pytest.raises(Malformed, match="document type"):
        table_of(repacked(change), "t.xlsx", (NAME,))


def test_a_name_that_speaks_of_document_types_is_a_name() -> None:
    table = table_of(xlsx_table([[NAME.name], ["<!DOCTYPE html>厂"]], "x"), "t.xlsx", (NAME,))
    assert table.rows[0].cells[NAME.name] == "<!DOCTYPE html>厂"


def test_the_euro_sign_of_code_page_936_is_read() -> None:
    data = f"{NAME.name},{NOTE.name}\r\n某厂,价格".encode("gbk") + b"\x80100\r\n"
    assert table_of(data, "t.csv", (NAME, NOTE)).rows[0].cells[NOTE.name] == "价格€100"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (f"{NAME.name}\r\n某厂\r\n".encode("gbk") + b"\xff\xff\r\n", 3),
        (b"\xef\xbb\xbf" + f"{NAME.name}\n某厂\n某\n".encode() + b"\xe6\xe6,\n", 4),
    ],
)
def test_a_line_that_cannot_be_read_is_named(data: bytes, line: int) -> None:
    with pytest.raises(Malformed, match=f"line {line} holds"):
        table_of(data, "t.csv", (NAME,))


def test_a_columns_own_name_goes_before_anothers_alias() -> None:
    name, other = Column("承诺人名称", also=("企业名称",)), Column("企业名称", required=False)
    table = table_of(csv_table([["企业名称", "承诺人名称"], ["甲", "乙"]]), "t", (name, other))
    assert table.rows[0].cells == {"承诺人名称": "乙", "企业名称": "甲"}
    alone = table_of(csv_table([["企业名称", "承诺人名称"], ["甲", "乙"]]), "t", (name,))
    assert alone.rows[0].cells == {"承诺人名称": "乙"}


def test_a_record_longer_than_its_header_is_told_and_a_comma_at_every_lines_end_is_not() -> None:
    def surplus(text: str) -> list[int]:
        return [row.surplus for row in table_of(text.encode(), "t.csv", (NAME, NOTE)).rows]

    head = f"{NAME.name},{NOTE.name}\n"
    assert surplus(head + "甲,乙\n丙,丁,戊\n") == [0, 1]
    assert surplus(head + "甲,乙\n丙,丁,\n") == [0, 1]
    assert surplus(head + "甲,乙,\n丙,丁,\n") == [0, 0]
    assert surplus(head + "甲,乙,\n丙,丁,戊\n") == [0, 1]
    assert surplus(head + "甲\n丙,丁\n") == [0, 0]


def test_rows_that_a_workbook_hides_are_named() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for text in (NAME.name, "甲", "乙", "丙"):
        sheet.append([text])
    sheet.row_dimensions[3].hidden = True
    out = io.BytesIO()
    book.save(out)
    table = table_of(out.getvalue(), "t.xlsx", (NAME,))
    assert [row.cells[NAME.name] for row in table.rows] == ["甲", "乙", "丙"]
    assert table.hidden == (3,)


def test_a_file_without_a_header_is_read_by_letters() -> None:
    for data in (csv_table([["1", "甲", "x"], ["2", "乙", "y"]]), "1\t甲\tx\n2\t乙\ty\n".encode("gbk"),
                 xlsx_table([["1", "甲", "x"], ["2", "乙", "y"]], "x")):  # fmt: skip
        table = table_of(data, "t", (Column("B"), Column("C")), headerless=True)
        assert table.rows == (TableRow(1, {"B": "甲", "C": "x"}), TableRow(2, {"B": "乙", "C": "y"}))
    with pytest.raises(Malformed, match="4 columns"):
        table_of(csv_table([["1", "甲", "x"]]), "t", (Column("D"),), headerless=True)
    with pytest.raises(Malformed, match="A, B"):
        table_of(csv_table([["1", "甲", "x"]]), "t", (Column("名称"),), headerless=True)
