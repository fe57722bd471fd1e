"""Annexes of a statement at its admission: what a file is by its content, and whether each that is named is here.

A file's type is told from its bytes, never from a name that came with it. `ledger/store/annexes.py` keeps them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ledger.domain.events.base import Annex, MediaType
from ledger.errors import Refused
from ledger.limits import ANNEX_BYTES_MAX, OFFICE_PARTS_MAX
from ledger.store.annexes import AnnexKept

__all__ = ["XLSX", "MissingAnnex", "media_type_of", "require_annexes", "zip_parts"]

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TEXTS: Final = frozenset(("text/plain", "text/csv"))  # no content tells one from the other
_CONTROLS: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r") + b"\x7f"


class MissingAnnex(Refused):
    """These annexes (SHA-256) must be uploaded before the statement that names them."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        super().__init__(
            "annex.missing",
            "缺少附件: 请先上传附件",
            "an annex is missing: upload it before the statement",
            ", ".join(digest.hex() for digest in digests),
        )
        self.digests = tuple(digests)


def media_type_of(content: bytes) -> MediaType:
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
        "附件须为 PDF、XLSX (不含宏)、JSON, 或 UTF-8 编码的 CSV、文本文件",
        "an annex is a PDF, an XLSX file without macros, JSON, or CSV or plain text in UTF-8",
        content[:8].hex(),
    )


def require_annexes(named: Sequence[Annex], known: Mapping[bytes, AnnexKept]) -> None:
    """Every annex that a statement names is here, as it names it. Raises `MissingAnnex`, `Refused`."""
    missing = [digest for annex in named if (digest := bytes.fromhex(annex.sha256)) not in known]
    if missing:
        raise MissingAnnex(missing)
    for annex in named:
        kept = known[bytes.fromhex(annex.sha256)]
        if kept.bytes != annex.bytes:
            raise Refused(
                "annex.length",
                f"附件长度与声明不符: 实为 {kept.bytes} 字节",
                f"the annex has another length than the statement says: {kept.bytes} bytes",
                str(annex.bytes),
            )
        if annex.media_type != kept.media_type and not {annex.media_type, kept.media_type} <= _TEXTS:
            raise Refused(
                "annex.other_type",
                f"附件类型与声明不符: 实为 {kept.media_type}",
                f"the annex is of another type than the statement says: {kept.media_type}",
                annex.media_type,
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
