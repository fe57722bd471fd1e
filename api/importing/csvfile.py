"""CSV files as offices write them: UTF-8 with or without a byte order mark, or GB 18030; comma, tab, semicolon, bar."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Final

from ledger.errors import Malformed
from ledger.limits import IMPORT_HEADER_WITHIN_ROWS_MAX

__all__ = ["csv_rows", "decode_text"]

_DELIMITERS: Final = ",\t;|"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def decode_text(data: bytes) -> str:
    """Bytes → text: a byte order mark decides, else strict UTF-8, else strict GB 18030. Raises `Malformed`."""
    if data.startswith(_UTF16_MARKS):
        raise Malformed("a CSV file in UTF-16: save it as UTF-8, or as XLSX")
    if b"\0" in data:
        raise Malformed("neither a CSV nor an XLSX file: it holds zero bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Malformed(f"neither UTF-8 nor GB 18030: byte {error.start}") from None


def csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Records, numbered from 1 as a spreadsheet shows them (a record may span lines). Raises `Malformed`."""
    text = decode_text(data)
    delimiter = _delimiter(text)
    number = 0
    try:
        for number, record in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield number, record
    except csv.Error as error:
        raise Malformed(f"not a CSV file: after record {number}: {error}") from None


def _delimiter(text: str) -> str:
    """The one that makes the widest of the first records; a comma if in doubt."""

    def width(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            return max((len(record) for record in islice(reader, IMPORT_HEADER_WITHIN_ROWS_MAX)), default=0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=width)
