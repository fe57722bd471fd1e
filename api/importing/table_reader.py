"""Reading a table: a file's bytes → named columns and numbered rows. XLSX or CSV, told apart by content.

Only the columns that are asked for leave this module; contact persons and telephone numbers are never asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Final

from api.importing.cells import Cell, Formula, fold_label, text_of
from api.importing.csv_file import DELIMITERS, csv_rows, decode_text
from api.importing.date_notations import EPOCH_1900
from api.importing.formats import refuse_foreign_file
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

__all__ = ["ENTRIES", "Column", "Table", "TableRow", "read_table", "table_bytes", "table_of"]

ENTRIES: Final = "登记序号"  # which entries of the book a row is: written by an export, read back by an import

_ZIP: Final = b"PK\x03\x04"
_LETTERS: Final = re.compile("[A-Z]{1,3}")

NumberedRow = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the table's first line; `also` are other names for the same."""

    name: str
    required: bool = True
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRow:
    """Row `number` as a spreadsheet counts (the header is usually row 1): column name → cell, absent ones None.

    `surplus`: how many cells it has beyond the header, where that is not the way of the whole file.
    """

    number: int
    cells: Mapping[str, Cell]
    surplus: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read from a file.

    `file_sha256` in hexadecimal is of the file's bytes; `epoch` is day 0 of its serial dates; `hidden`: the rows
    that nobody sees who opens the file.
    """

    file_name: str
    file_sha256: str
    epoch: date
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    hidden: tuple[int, ...] = ()


def read_table(path: Path, columns: Sequence[Column], *, headerless: bool = False) -> Table:
    """The file's rows, reduced to `columns`; `headerless`: these are a spreadsheet's letters, and every row is one.

    Raises `OSError`, `Malformed` (not a table, too large, a column missing).
    """
    return table_of(table_bytes(path), path.name, columns, headerless=headerless)


def table_bytes(path: Path) -> bytes:
    """The whole file. Raises `OSError`, `Malformed` (too large)."""
    if path.stat().st_size > IMPORT_FILE_BYTES_MAX:
        raise Malformed(f"{path.name}: a table has at most {IMPORT_FILE_BYTES_MAX:,} bytes")
    return path.read_bytes()


def table_of(data: bytes, file_name: str, columns: Sequence[Column], *, headerless: bool = False) -> Table:
    """`read_table` for bytes that are already there."""
    if len(data) > IMPORT_FILE_BYTES_MAX:
        raise Malformed(f"{file_name}: a table has at most {IMPORT_FILE_BYTES_MAX:,} bytes")
    digest = sha256(data).hexdigest()
    hidden: frozenset[int] = frozenset()
    try:
        refuse_foreign_file(data)
        if data.startswith(_ZIP):
            with closing(Workbook(data)) as workbook:
                sheets = [(sheet, workbook.rows(sheet)) for sheet in workbook.visible_sheets]
                found = _tables_among(sheets, columns, headerless)
                if len(found) > 1:
                    raise Malformed(f"{len(found)} sheets look like the table; leave one")
                epoch, hidden = workbook.epoch, workbook.hidden_rows(found[0].name)
        else:
            text, epoch = decode_text(data), EPOCH_1900
            delimited = [(_TEXT, _readable(text, delimiter)) for delimiter in DELIMITERS]
            found = _tables_among(delimited, columns, headerless)[:1]
    except _NoHeader as error:
        raise _NoHeader(f"{file_name}: {error}") from None
    except Malformed as error:
        raise Malformed(f"{file_name}: {error}") from None
    rows = found[0].rows
    unseen = tuple(row.number for row in rows if row.number in hidden)
    return Table(file_name, digest, epoch, found[0].columns, rows, unseen)


_TEXT: Final = ""  # the name of a CSV file's only sheet


@dataclass(frozen=True, slots=True)
class _Reduced:
    name: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def _tables_among(
    candidates: Sequence[tuple[str, Iterable[NumberedRow]]], columns: Sequence[Column], headerless: bool
) -> list[_Reduced]:
    """Those that have the header, at least one. Raises `Malformed`."""
    found: list[_Reduced] = []
    problem = Malformed("a workbook without a visible sheet")
    for name, rows in reversed(candidates):
        try:
            found.insert(0, _reduce(rows, columns, name, headerless))
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


def _reduce(rows: Iterable[NumberedRow], columns: Sequence[Column], name: str, headerless: bool) -> _Reduced:
    """Find the header, then keep the wanted cells of every row that has any."""
    iterator = iter(rows)
    shown = f"sheet {name!r}, " if name else ""
    if headerless:
        iterator, places, width = _lettered(iterator, columns, shown)
    else:
        places, width = _find_header(iterator, columns, shown)
    kept: list[TableRow] = []
    longer: list[tuple[int, bool]] = []  # of CSV records: cells beyond the header, and whether they say anything
    for number, cells in iterator:
        row = {column: cells[place] if place < len(cells) else None for column, place in places.items()}
        if all(not isinstance(cell, Formula) and not text_of(cell) for cell in row.values()):
            continue
        if any(len(text_of(cell)) > IMPORT_CELL_CHARS_MAX for cell in row.values()):
            raise Malformed(f"{shown}row {number}: a cell has more than {IMPORT_CELL_CHARS_MAX:,} characters")
        if len(kept) == IMPORT_ROWS_MAX:
            raise Malformed(f"{shown}more than {IMPORT_ROWS_MAX:,} rows; split the file")
        kept.append(TableRow(number, row))
        beyond = () if name or headerless else cells[width:]
        longer.append((len(beyond), any(text_of(cell) for cell in beyond)))
    # a comma at the end of every line says nothing
    usual = min(length for length, _ in longer) if len(longer) > 1 else 0
    for place, (length, speaks) in enumerate(longer):
        if speaks or length > usual:
            kept[place] = replace(kept[place], surplus=length)
    return _Reduced(name, tuple(places), tuple(kept))


def _lettered(
    rows: Iterator[NumberedRow], columns: Sequence[Column], shown: str
) -> tuple[Iterator[NumberedRow], dict[str, int], int]:
    """The rows again, and column letter → place. Raises `Malformed`, also where no early row is as wide as that."""
    places: dict[str, int] = {}
    for column in columns:
        if not _LETTERS.fullmatch(column.name):
            raise Malformed(f"a file without a header has columns A, B, … AA; {column.name!r} is none of them")
        place = 0
        for letter in column.name:
            place = place * 26 + ord(letter) - ord("A") + 1
        if place > IMPORT_COLUMNS_MAX:
            raise Malformed(f"more than {IMPORT_COLUMNS_MAX} columns")
        places[column.name] = place - 1
    first = list(islice(rows, IMPORT_HEADER_WITHIN_ROWS_MAX))
    width = max(places.values(), default=0) + 1
    if not any(len(cells) >= width for _, cells in first):
        raise _NoHeader(f"{shown}no line among the first {IMPORT_HEADER_WITHIN_ROWS_MAX} has {width} columns")
    return chain(first, rows), places, width


def _find_header(rows: Iterator[NumberedRow], columns: Sequence[Column], shown: str) -> tuple[dict[str, int], int]:
    """Column name → place, and how wide the header is, from the first row that has all required columns; titles may
    stand above it. A column's own name goes before another name for it, and before another column's."""
    names = {fold_label(column.name): column for column in columns}
    others = {fold_label(label): column for column in columns for label in column.also}
    best_missing: list[str] | None = None
    for number, (_, cells) in enumerate(rows, start=1):
        exact = _placed(cells, names, shown)
        places = {**_placed(cells, {label: one for label, one in others.items() if label not in names}, shown), **exact}
        missing = [column.name for column in columns if column.required and column.name not in places]
        if not missing:
            return {column.name: places[column.name] for column in columns if column.name in places}, len(cells)
        if best_missing is None or len(missing) < len(best_missing):
            best_missing = missing
        if number == IMPORT_HEADER_WITHIN_ROWS_MAX:
            break
    lacking = ", ".join(best_missing or ["every column"])
    raise _NoHeader(f"{shown}no line among the first {IMPORT_HEADER_WITHIN_ROWS_MAX} names these columns: {lacking}")


def _placed(cells: Sequence[Cell], known: Mapping[str, Column], shown: str) -> dict[str, int]:
    """Where a row names the columns of `known`. Raises `Malformed` for one that it names twice."""
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        column = known.get(fold_label(cell)) if isinstance(cell, str) else None
        if column is None:
            continue
        if column.name in places:
            raise Malformed(f"{shown}two columns are called {column.name!r}")
        if place >= IMPORT_COLUMNS_MAX:
            raise Malformed(f"{shown}more than {IMPORT_COLUMNS_MAX} columns")
        places[column.name] = place
    return places
