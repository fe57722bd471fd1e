"""XLSX workbooks, streamed row by row; formulas are handed on as such and never evaluated."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from api.importing.cells import Cell, Formula
from api.importing.date_notations import EPOCH_1900, EPOCH_1904
from ledger.errors import LedgerError, Malformed
from ledger.limits import IMPORT_UNPACKED_BYTES_MAX

__all__ = ["Workbook"]

_ROW_NUMBER_MAX: Final = 1_000_000  # of PaperEvidence
_PROLOG_BYTES: Final = 4_096
_LIVE: Final = frozenset({"f", "e"})  # openpyxl's data types: formula, error


class Workbook:
    """A workbook in memory. Raises `Malformed` for what is none, is too large unpacked, or declares entities."""

    def __init__(self, data: bytes) -> None:
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

    @property
    def epoch(self) -> date:
        """Day 0 of this workbook's serial dates."""
        return EPOCH_1904 if self._book.epoch == CALENDAR_MAC_1904 else EPOCH_1900

    @property
    def visible_sheets(self) -> list[str]:
        return [sheet.title for sheet in self._book.worksheets if sheet.sheet_state == "visible"]

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
    """Unpacked size, and no document type declarations: an office program writes none, a bomb needs one."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > IMPORT_UNPACKED_BYTES_MAX:
            raise Malformed(f"an XLSX file has at most {IMPORT_UNPACKED_BYTES_MAX:,} bytes when unpacked")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as stream:
                    if b"<!DOCTYPE" in stream.read(_PROLOG_BYTES):
                        raise Malformed("an XLSX file with a document type declaration is not read")
