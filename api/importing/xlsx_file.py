"""XLSX workbooks, streamed row by row; formulas are handed on as such and never evaluated."""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any, Final
from xml.parsers import expat

from api.importing.cells import Cell, Formula
from api.importing.date_notations import EPOCH_1900, EPOCH_1904
from api.importing.formats import refuse_foreign_archive
from ledger.errors import LedgerError, Malformed
from ledger.limits import IMPORT_UNPACKED_BYTES_MAX

__all__ = ["Workbook"]

_ROW_NUMBER_MAX: Final = 1_000_000  # of PaperEvidence
_CHUNK_BYTES: Final = 65_536
_ROW_TAG: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?row\s([^<>]*)>")
_ROW_NUMBER: Final = re.compile(rb"\br=[\"'](\d{1,7})[\"']")
_ROW_HIDDEN: Final = re.compile(rb"\bhidden=[\"'](?:1|true)[\"']")
_LIVE: Final = frozenset({"f", "e"})  # openpyxl's data types: formula, error


class Workbook:
    """A workbook in memory. Raises `Malformed` for what is none, is too large unpacked, or declares entities."""

    def __init__(self, data: bytes) -> None:
        import openpyxl  # noqa: PLC0415 - a twentieth of what a service imports, which most never use
        from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: PLC0415

        self._data = data
        try:
            _check_parts(data)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and validations that we do not read
                self._book: Any = openpyxl.load_workbook(
                    io.BytesIO(data), read_only=True, data_only=False, keep_links=False
                )
        except LedgerError:
            raise
        except Exception as error:  # openpyxl lets through what ZIP, XML and its own checks raise
            raise Malformed(f"not a readable XLSX file: {error!r:.200}") from None
        #: Day 0 of this workbook's serial dates.
        self.epoch: date = EPOCH_1904 if self._book.epoch == CALENDAR_MAC_1904 else EPOCH_1900

    @property
    def visible_sheets(self) -> list[str]:
        return [sheet.title for sheet in self._book.worksheets if sheet.sheet_state == "visible"]

    def hidden_rows(self, sheet: str) -> frozenset[int]:
        """Numbers of the sheet's rows that nobody sees who opens it."""
        path = getattr(self._book[sheet], "_worksheet_path", None)
        with zipfile.ZipFile(io.BytesIO(self._data)) as archive:
            if path is None or path not in archive.namelist():
                return frozenset()
            with archive.open(path) as stream:
                return frozenset(_hidden_rows(stream))

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """The sheet's rows, numbered from 1. Raises `Malformed` where the file breaks off."""
        worksheet = self._book[sheet]
        worksheet.reset_dimensions()  # what the file says about its own size is not to be relied on
        rows = worksheet.iter_rows()
        number = 0
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    cells = [_cell(cell) for cell in next(rows)]
            except StopIteration:
                return
            except Exception as error:
                raise Malformed(f"sheet {sheet!r} cannot be read after row {number}: {error!r:.200}") from None
            number += 1
            if number > _ROW_NUMBER_MAX:
                if all(cell is None for cell in cells):  # borders drawn down to the sheet's end
                    continue
                raise Malformed(f"sheet {sheet!r} has more than {_ROW_NUMBER_MAX:,} rows")
            yield number, cells

    def close(self) -> None:
        self._book.close()


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return None
    if cell.data_type in _LIVE:
        return Formula(str(getattr(value, "text", value)))
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 a calendar date has no zone
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)


def _check_parts(data: bytes) -> None:
    """Unpacked size, what else it may be, and no document type declarations: an office program writes none, a bomb
    needs one. They are looked for by the parser itself, in every part whatever its name and encoding."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > IMPORT_UNPACKED_BYTES_MAX:
            raise Malformed(f"an XLSX file has at most {IMPORT_UNPACKED_BYTES_MAX:,} bytes when unpacked")
        refuse_foreign_archive(archive)
        for part in parts:
            with archive.open(part) as stream:
                if _declares_a_type(stream):
                    raise Malformed("an XLSX file with a document type declaration is not read")


class _RootReached(Exception):
    """A document type is declared before the root element, or not at all (XML 1.0 §2.8)."""


def _declares_a_type(stream: IO[bytes]) -> bool:
    """Whether a part is XML with a document type declaration. What is no XML is none that would be read as such."""
    parser = expat.ParserCreate()
    declared = False

    def declaration(*_: object) -> None:
        nonlocal declared
        declared = True
        raise _RootReached

    def root(*_: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = declaration
    parser.StartElementHandler = root
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            parser.Parse(chunk)
    except (_RootReached, expat.ExpatError, ValueError, LookupError):
        pass
    return declared


def _hidden_rows(stream: IO[bytes]) -> Iterator[int]:
    """Numbers of the rows that a sheet's XML (UTF-8) hides, by a filter or by hand (ECMA-376 Part 1, §18.3.1.73)."""
    number, rest = 0, b""
    while chunk := stream.read(_CHUNK_BYTES):
        text = rest + chunk
        end = text.rfind(b"<")
        for tag in _ROW_TAG.finditer(text, 0, end):
            said = _ROW_NUMBER.search(tag[1])
            number = int(said[1]) if said else number + 1
            if _ROW_HIDDEN.search(tag[1]):
                yield number
        rest = text[end:] if end >= 0 else b""
