"""Media types of annexes: what a file is by its content, never by a name that came with it."""

from __future__ import annotations

import io
import zipfile
from typing import Final, Literal

import msgspec

from ledger.errors import Refused
from ledger.limits import ANNEX_BYTES_MAX, OFFICE_PARTS_MAX

__all__ = ["XLSX", "AnnexMediaType", "media_type_of", "zip_parts"]

AnnexMediaType = Literal[
    "application/json",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
    "text/plain",
]

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTROLS: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r") + b"\x7f"


def media_type_of(content: bytes) -> AnnexMediaType:
    """What the file is: PDF, XLSX without macros, JSON, or text in UTF-8. Raises `Refused` for all else."""
    if not 1 <= len(content) <= ANNEX_BYTES_MAX:
        raise Refused(
            "annex.size",
            f"附件须为 1 至 {ANNEX_BYTES_MAX} 字节",
            f"an annex has 1 to {ANNEX_BYTES_MAX} bytes",
            str(len(content)),
        )
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04") and _is_workbook(content):
        return XLSX
    if _is_text(content):
        return "application/json" if _is_json(content) else "text/plain"
    raise Refused(
        "annex.media_type",
        "附件须为 PDF、XLSX（不含宏）、JSON，或 UTF-8 编码的 CSV、文本文件",
        "an annex is a PDF, an XLSX file without macros, JSON, or CSV or plain text in UTF-8",
    )


def zip_parts(content: bytes) -> list[str] | None:
    """The names of a ZIP's parts, of which nothing is unpacked; None for a damaged one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return None


def _is_workbook(content: bytes) -> bool:
    parts = zip_parts(content) or []
    whole = "[Content_Types].xml" in parts and "xl/workbook.xml" in parts
    return whole and len(parts) <= OFFICE_PARTS_MAX and not any("vbaproject" in part.lower() for part in parts)


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(content.translate(None, _CONTROLS)) == len(content)


def _is_json(content: bytes) -> bool:
    """Whether it is an object or an array: a number or a quoted word is text, too."""
    if content.lstrip(b" \t\r\n")[:1] not in (b"{", b"["):
        return False
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
