"""CSV files as offices write them: UTF-8 with or without a byte order mark, or GB 18030; comma, tab, semicolon, bar."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from ledger.errors import Malformed

__all__ = ["DELIMITERS", "csv_rows", "decode_text"]

DELIMITERS: Final = ",\t;|"  # which one it is shows where the header is found
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


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records, numbered from 1 as a spreadsheet shows them (a record may span lines). Raises `Malformed`."""
    number = 0
    try:
        for number, record in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield number, record
    except csv.Error as error:
        raise Malformed(f"not a CSV file: after record {number}: {error}") from None
