"""What an attachment is, by its content alone: names and declared types are not believed.

Annexes have types of their own: `ledger/domain/values/media_types.py`.
"""

from __future__ import annotations

from typing import Final

from api.http.errors import InvalidRequest
from ledger.domain.events.attachment import MediaType
from ledger.domain.values.media_types import XLSX, zip_parts
from ledger.limits import OFFICE_PARTS_MAX

__all__ = ["attachment_type"]

_STARTS: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"%PDF-1.", "application/pdf"),
    (b"%PDF-2.", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_OFFICE: Final[tuple[tuple[str, MediaType], ...]] = (
    ("xl/workbook.xml", XLSX),
    ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
)
_ZIP: Final = b"PK\x03\x04"
# Known by what they begin with, to be refused by name
_REFUSED: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"MZ", "Windows 程序", "a Windows program"),
    (b"\x7fELF", "程序", "a program"),
    (b"#!", "脚本", "a script"),
    (b"GIF8", "GIF 图片", "GIF"),
    (b"RIFF", "RIFF（WebP、AVI、WAV）", "RIFF (WebP, AVI, WAV)"),
    (b"II*\x00", "TIFF 图片", "TIFF"),
    (b"MM\x00*", "TIFF 图片", "TIFF"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件；请另存为 XLSX 或 PDF", "an old Office file; save it as XLSX, DOCX or PDF"),
    (b"Rar!", "RAR 压缩文件", "RAR"),
    (b"7z\xbc\xaf", "7z 压缩文件", "7z"),
    (b"\x1f\x8b", "gzip 压缩文件", "gzip"),
    (b"<", "HTML、XML 或 SVG", "HTML, XML or SVG"),
    (b"\xef\xbb\xbf<", "HTML、XML 或 SVG", "HTML, XML or SVG"),
)


def attachment_type(content: bytes) -> MediaType:
    """The media type. Raises `InvalidRequest`, naming what it seems to be instead."""
    if not content:
        raise _refused("empty", "文件为空", "the file is empty")
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    if content.startswith(_ZIP):
        return _office(content)
    head = content.lstrip(b" \t\r\n\xef\xbb\xbf")[:16]
    for start, zh, en in _REFUSED:
        if content.startswith(start) or (start == b"<" and head.startswith(start)):
            raise _refused("type", f"不接受此类文件：{zh}", f"this is {en}, which is not accepted")
    return _text(content)


def _office(content: bytes) -> MediaType:
    """XLSX or DOCX by the part that every one has (ECMA-376); nothing is unpacked."""
    parts = zip_parts(content)
    if parts is None:
        raise _refused("type", "压缩包已损坏", "this is a damaged ZIP")
    if len(parts) > OFFICE_PARTS_MAX or "[Content_Types].xml" not in parts:
        raise _refused("type", "不接受压缩包", "this is a ZIP that is neither XLSX nor DOCX, which is not accepted")
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise _refused("type", "不接受含宏的文件", "this holds macros, which are not accepted")
    for part, media_type in _OFFICE:
        if part in parts:
            return media_type
    raise _refused("type", "不接受此类压缩包", "this is a ZIP that is neither XLSX nor DOCX, which is not accepted")


def _text(content: bytes) -> MediaType:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if any(sign < " " and sign not in "\t\r\n" for sign in text):
        raise _refused(
            "type",
            "只接受 PDF、PNG、JPEG、XLSX、DOCX 和 UTF-8 文本",
            "this is none of PDF, PNG, JPEG, XLSX, DOCX and UTF-8 text, which alone are accepted",
        )
    return "text/plain"


def _refused(what: str, zh: str, en: str) -> InvalidRequest:
    return InvalidRequest(f"attachment.{what}", zh, en)
