"""Reading a table: a file's bytes → named columns and numbered rows. XLSX or CSV, told apart by content.

Only the columns that are asked for leave this module; contact persons and telephone numbers are never asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

from api.importing.cells import Cell, Formula, fold_label, text_of
from api.importing.csv_file import DELIMITERS, csv_rows, decode_text
from api.importing.date_notations import EPOCH_1900
from api.importing.table_writer import undefused
from api.importing.xlsx_file import Workbook
from ledger.errors import Malformed
from ledger.limits import (
    IMPORT_CELL_CHARS_MAX,
    IMPORT_COLUMNS_MAX,
    IMPORT_FILE_BYTES_MAX,
    IMPORT_HEADER_WITHIN_ROWS_MAX,
    IMPORT_ROWS_MAX,
)

__all__ = ["ENTRIES", "Column", "Table", "TableRow", "read_table", "table_of"]

ENTRIES: Final = "登记序号"  # which entries of the book a row is: written by an export, read back by an import

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"  # the format of .xls, and of an XLSX with a password

NumberedRow = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the table's first line; `also` are other names for the same."""

    name: str
    required: bool = True
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRow:
    """Row `number` as a spreadsheet counts (the header is usually row 1): column name → cell, absent ones None."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """`file_sha256` in hexadecimal is of the file's bytes; `epoch` is day 0 of its serial dates."""

    file_name: str
    file_sha256: str
    epoch: date
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """The file's rows, reduced to `columns`. Raises `OSError`,
    `Malformed` (not a table, too large, a column missing).
    """
    if path.stat().st_size > IMPORT_FILE_BYTES_MAX:
        raise Malformed(f"{path.name}: a table has at most {IMPORT_FILE_BYTES_MAX:,} bytes")
    return table_of(path.read_bytes(), path.name, columns)


def table_of(data: bytes, file_name: str, columns: Sequence[Column]) -> Table:
    """`read_table` for bytes that are already there."""
    if len(data) > IMPORT_FILE_BYTES_MAX:
        raise Malformed(f"{file_name}: a table has at most {IMPORT_FILE_BYTES_MAX:,} bytes")
    digest = sha256(data).hexdigest()
    if data.startswith(_OLE):
        raise Malformed(f"{file_name}: an old .xls file, or one with a password: save it as .xlsx without one")
    if data.startswith(_ZIP):
        with closing(Workbook(data)) as workbook:
            sheets = [(f"{file_name} ({sheet})", workbook.rows(sheet)) for sheet in workbook.visible_sheets]
            found = _tables_among(sheets, columns)
            epoch = workbook.epoch
    else:
        text = decode_text(data)
        epoch = EPOCH_1900
        found = _tables_among([(file_name, _readable(text, delimiter)) for delimiter in DELIMITERS], columns)[:1]
    if len(found) > 1:
        raise Malformed(f"{file_name}: {len(found)} sheets look like the table; leave one")
    return Table(file_name, digest, epoch, *found[0])


def _tables_among(
    candidates: Sequence[tuple[str, Iterable[NumberedRow]]], columns: Sequence[Column]
) -> list[tuple[tuple[str, ...], tuple[TableRow, ...]]]:
    """Those that have the header, at least one. Raises `Malformed`."""
    found: list[tuple[tuple[str, ...], tuple[TableRow, ...]]] = []
    problem = Malformed("a workbook without a visible sheet")
    for name, rows in reversed(candidates):
        try:
            found.insert(0, _reduce(rows, columns, name))
        except _NoHeader as error:
            problem = error
    if not found:
        raise problem
    return found


def _readable(text: str, delimiter: str) -> Iterator[NumberedRow]:
    """The records of a CSV file, without the apostrophes that kept spreadsheets from running a text (`writing`)."""
    for number, record in csv_rows(text, delimiter):
        yield number, [undefused(cell) for cell in record]


class _NoHeader(Malformed):
    """No row among the first ones names the required columns."""


def _reduce(
    rows: Iterable[NumberedRow], columns: Sequence[Column], name: str
) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    """Find the header, then keep the wanted cells of every row that has any."""
    iterator = iter(rows)
    places = _find_header(iterator, columns, name)
    kept: list[TableRow] = []
    for number, cells in iterator:
        row = {column: cells[place] if place < len(cells) else None for column, place in places.items()}
        if all(not isinstance(cell, Formula) and not text_of(cell) for cell in row.values()):
            continue
        if any(len(text_of(cell)) > IMPORT_CELL_CHARS_MAX for cell in row.values()):
            raise Malformed(f"{name}, row {number}: a cell has more than {IMPORT_CELL_CHARS_MAX:,} characters")
        if len(kept) == IMPORT_ROWS_MAX:
            raise Malformed(f"{name}: more than {IMPORT_ROWS_MAX:,} rows; split the file")
        kept.append(TableRow(number, row))
    return tuple(places), tuple(kept)


def _find_header(rows: Iterator[NumberedRow], columns: Sequence[Column], name: str) -> dict[str, int]:
    """Column name → place, from the first row that has all required ones; titles may stand above it."""
    known = {fold_label(label): column for column in columns for label in (column.name, *column.also)}
    best_missing: list[str] | None = None
    for number, (_, cells) in enumerate(rows, start=1):
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            column = known.get(fold_label(cell)) if isinstance(cell, str) else None
            if column is None:
                continue
            if column.name in places:
                raise Malformed(f"{name}: two columns are called {column.name!r}")
            if place >= IMPORT_COLUMNS_MAX:
                raise Malformed(f"{name}: more than {IMPORT_COLUMNS_MAX} columns")
            places[column.name] = place
        missing = [column.name for column in columns if column.required and column.name not in places]
        if not missing:
            return places
        if best_missing is None or len(missing) < len(best_missing):
            best_missing = missing
        if number == IMPORT_HEADER_WITHIN_ROWS_MAX:
            break
    lacking = ", ".join(best_missing or ["every column"])
    raise _NoHeader(f"{name}: no line among the first {IMPORT_HEADER_WITHIN_ROWS_MAX} names these columns: {lacking}")
