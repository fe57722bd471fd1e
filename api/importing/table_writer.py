"""Writing tables so that no spreadsheet runs anything: CSV with defused cells, XLSX with text cells alone."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from api.importing.date_notations import EPOCH_1900
from ledger.errors import Malformed
from ledger.limits import XLSX_ROWS_MAX, XLSX_SHEET_BYTES_MAX

__all__ = ["WritableCell", "csv_table", "undefused", "write_csv", "write_xlsx", "xlsx_table"]

WritableCell = str | int | date | None

# What spreadsheets take for a formula's beginning, half and full width, and what they skip before it.
_LIVE: Final = re.compile(r"'*(?:[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n])")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STAMP: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: the same table gives the same bytes

_PARTS: Final = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        '<Override PartName="/xl/styles.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="xl/workbook.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        '<Relationship Id="rId2" Target="styles.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>'
    ),
    # style 0: general; 1: a date (built-in format 14); 2: text, though it looks like a formula, also when edited
    "xl/styles.xml": (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="3"><xf/><xf numFmtId="14" applyNumberFormat="1"/>'
        '<xf numFmtId="49" applyNumberFormat="1" quotePrefix="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_NS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL_NS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def csv_table(rows: Iterable[Sequence[WritableCell]], encoding: str = "utf-8-sig") -> bytes:
    """What `write_csv` writes."""
    out = io.BytesIO()
    write_csv(rows, out, encoding)
    return out.getvalue()


def write_csv(rows: Iterable[Sequence[WritableCell]], out: BinaryIO, encoding: str = "utf-8-sig") -> int:
    """CSV with CRLF line ends (RFC 4180); how many rows. A text that a spreadsheet would run gets one apostrophe
    before it, as does one that begins with apostrophes and then so; `undefused`, and with it every import, takes that
    one away again.

    The default encoding has a byte order mark, without which office programs take Chinese for noise. Raises
    `UnicodeEncodeError` for text that the encoding lacks.
    """
    text = io.TextIOWrapper(out, encoding=encoding, newline="")
    count = 0
    try:
        writer = csv.writer(text)
        for row in rows:
            writer.writerow([_defused(cell) for cell in row])
            count += 1
    finally:
        text.detach()  # flushed; the file is the caller's
    return count


def xlsx_table(rows: Iterable[Sequence[WritableCell]], sheet: str) -> bytes:
    """What `write_xlsx` writes."""
    out = io.BytesIO()
    write_xlsx(rows, sheet, out)
    return out.getvalue()


def write_xlsx(rows: Iterable[Sequence[WritableCell]], sheet: str, out: BinaryIO) -> int:
    """A workbook of one sheet (ECMA-376); how many rows. Text is an inline string, which no program evaluates; there is
    no formula element in it. The same rows give the same bytes. Raises `Malformed` for more than a sheet holds.
    """
    name = escape(_NOT_XML.sub("", sheet), {'"': "&quot;"})[:31]
    workbook = (
        f'<workbook xmlns="{_SHEET_NS}" xmlns:r="{_REL_NS}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in {**_PARTS, "xl/workbook.xml": workbook}.items():
            archive.writestr(zipfile.ZipInfo(part, _STAMP), _HEAD + content, zipfile.ZIP_DEFLATED)
        worksheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml", _STAMP)
        worksheet.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(worksheet, "w") as part_file:
            size = part_file.write(f'{_HEAD}<worksheet xmlns="{_SHEET_NS}"><sheetData>'.encode())
            number = 0
            for number, row in enumerate(rows, start=1):
                size += part_file.write(_xml_row(row, number))
                if number > XLSX_ROWS_MAX or size > XLSX_SHEET_BYTES_MAX:
                    raise Malformed(f"a sheet has at most {XLSX_ROWS_MAX:,} rows and 2 GiB: write CSV")
            part_file.write(b"</sheetData></worksheet>")
    return number


def undefused(text: str) -> str:
    """A text as it was before `csv_table` put an apostrophe before it."""
    return text[1:] if text.startswith("'") and _LIVE.match(text, 1) else text


def _defused(cell: WritableCell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if _LIVE.match(cell) else cell
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _xml_row(row: Sequence[WritableCell], number: int) -> bytes:
    cells = "".join(_xml_cell(cell, column, number) for column, cell in enumerate(row))
    return f'<row r="{number}">{cells}</row>'.encode()


def _xml_cell(cell: WritableCell, column: int, row: int) -> str:
    if cell is None or cell == "":
        return ""
    place = f"{_letters(column)}{row}"
    if isinstance(cell, str):
        text = escape(_NOT_XML.sub("", cell))
        style = ' s="2"' if _LIVE.match(cell) else ""
        return f'<c r="{place}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(cell, date):
        return f'<c r="{place}" s="1"><v>{(cell - EPOCH_1900).days}</v></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'


def _letters(column: int) -> str:
    """A, B, … Z, AA, … from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
