"""CSV files as offices write them: UTF-8 with or without a byte order mark, GB 18030, CP936; `,`, tab, `;` or `|`."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Final

from ledger.errors import Malformed

__all__ = ["DELIMITERS", "csv_rows", "decode_text"]

DELIMITERS: Final = ",\t;|"  # which one it is shows where the header is found
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def decode_text(data: bytes) -> str:
    """Bytes → text: a byte order mark decides, else strict UTF-8, else GB 18030 with the euro sign of Windows' code
    page 936 (0x80). Raises `Malformed`, naming the line that cannot be read.
    """
    if data.startswith(_UTF16_MARKS):
        raise Malformed("a CSV file in UTF-16: save it as UTF-8, or as XLSX")
    if b"\0" in data:
        raise Malformed("neither a CSV nor an XLSX file: it holds zero bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(codecs.BOM_UTF8):
            raise _unreadable("UTF-8", error) from None
    try:
        return data.decode("gb18030", _EURO)
    except UnicodeDecodeError as error:
        raise _unreadable("neither UTF-8 nor GB 18030", error) from None


def _euro(error: UnicodeError) -> tuple[str, int]:
    """0x80 in the place of a character: the euro sign of code page 936, which GB 18030 has elsewhere."""
    if isinstance(error, UnicodeDecodeError) and error.object[error.start : error.start + 1] == b"\x80":
        return "€", error.start + 1
    raise error


_EURO: Final = "credit-ledger-cp936-euro"
codecs.register_error(_EURO, _euro)


def _unreadable(what: str, error: UnicodeDecodeError) -> Malformed:
    data = error.object  # without a byte order mark
    line = data.count(b"\n", 0, error.start) + 1
    said = f"not {what}" if what == "UTF-8" else what
    return Malformed(
        f"第 {line} 行有无法识别的字节 0x{data[error.start]:02X}，请以 UTF-8 重新保存 / "
        f"{said}: line {line} holds the byte 0x{data[error.start]:02X}; save it as UTF-8"
    )


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records, numbered from 1 as a spreadsheet shows them (a record may span lines). Raises `Malformed`."""
    number = 0
    # Line by line out of the text as it is: a `StringIO` would hold it again, at four bytes a character.
    lines = (line.group() for line in _LINE.finditer(text))
    try:
        for number, record in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
            yield number, record
    except csv.Error as error:
        raise Malformed(f"not a CSV file: after record {number}: {error}") from None
