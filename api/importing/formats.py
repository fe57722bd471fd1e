"""Files that are no table that is read here: what each is, told by its content, and how to save it as one that is."""

from __future__ import annotations

import re
import zipfile
from typing import Final

from ledger.errors import Malformed

__all__ = ["refuse_foreign_archive", "refuse_foreign_file"]

_START_BYTES: Final = 4_096
_SAVE: Final = (
    "请用 WPS 或 Excel 打开，另存为 Excel 工作簿（.xlsx）",
    "open it in a spreadsheet program and save it as an Excel workbook (.xlsx)",
)
_UNPACK: Final = "请先解压", "unpack it first"

_OLE: Final = b"\xd0\xcf\x11\xe0"
_BIFF: Final = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00", b"\x09\x08\x08\x00")
_MARKED: Final = (
    (b"%PDF-", "PDF 文件", "a PDF file", ("请向制表单位索取 .xlsx 或 CSV", "ask whoever made it for .xlsx or CSV")),
    (b"{\\rtf", "RTF 文档", "an RTF document", _SAVE),
    (b"\x1f\x8b", "gzip 压缩文件", "a gzip archive", _UNPACK),
    (b"Rar!", "RAR 压缩文件", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩文件", "a 7z archive", _UNPACK),
    (b"\x89PNG", "图片", "a picture", ("请提供表格本身", "the table itself is needed")),
    (b"\xff\xd8\xff", "图片", "a picture", ("请提供表格本身", "the table itself is needed")),
)
_HTML: Final = re.compile(
    rb"(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!doctype\s+html[^>]*>\s*)*<(?:html|head|body|meta|table|div|style)[\s>/]",
    re.S | re.I,
)
_STRICT: Final = b"http://purl.oclc.org/ooxml/spreadsheetml/main"


def refuse_foreign_file(data: bytes) -> None:
    """Raises `Malformed` for a file that is known to be something else: .xls, HTML under that name, XML 2003, …"""
    start = data[:_START_BYTES]
    plain = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    if data.startswith(_OLE):
        raise _ole(data)
    if start.startswith(_BIFF):
        raise _is("旧版 Excel 文件（.xls, BIFF）", "an old .xls file (BIFF)", _SAVE)
    for mark, zh, en, how in _MARKED:
        if start.startswith(mark):
            raise _is(zh, en, how)
    if b"urn:schemas-microsoft-com:office:spreadsheet" in plain or b'progid="Excel.Sheet"' in plain:
        raise _is("XML 电子表格 2003", "an XML Spreadsheet 2003", _SAVE)
    if b"urn:oasis:names:tc:opendocument" in plain:
        raise _is("OpenDocument 电子表格（.fods）", "a flat OpenDocument spreadsheet (.fods)", _SAVE)
    if plain[:13].lower() == b"mime-version:":
        raise _is("单个网页文件（MHTML）", "a web archive (MHTML)", _SAVE)
    if _HTML.match(plain):
        raise _is("网页（HTML），不是电子表格，即使以 .xls 为名", "a web page (HTML), whatever its name ends in", _SAVE)
    if plain.startswith((b"<?xml", b"<!DOCTYPE")):
        raise _is("XML 文件", "an XML file", _SAVE)


def refuse_foreign_archive(archive: zipfile.ZipFile) -> None:
    """Raises `Malformed` for a ZIP that is known to be something else than an XLSX workbook: ODS, XLSB, …

    Strict Open XML (ISO/IEC 29500 Strict) has namespaces of its own, which hardly any program but its maker reads.
    """
    names = set(archive.namelist())
    kind = archive.read("mimetype")[:128] if "mimetype" in names else b""
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise _is("OpenDocument 电子表格（.ods）", "an OpenDocument spreadsheet (.ods)", _SAVE)
    if kind.startswith(b"application/"):
        raise _is("OpenDocument 文件，不是电子表格", "an OpenDocument file, and no spreadsheet", _SAVE)
    if "xl/workbook.bin" in names:
        raise _is("二进制 Excel 工作簿（.xlsb）", "a binary Excel workbook (.xlsb)", _SAVE)
    if any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
        raise _is("Numbers 表格", "a Numbers document", _SAVE)
    if any(name.startswith("word/") for name in names):
        raise _is("Word 文档（.docx）", "a Word document (.docx)", _SAVE)
    if "xl/workbook.xml" in names:
        with archive.open("xl/workbook.xml") as part:
            if _STRICT in part.read(_START_BYTES).replace(b"\0", b""):
                raise _is(
                    "严格模式的 Excel 工作簿（Strict Open XML）",
                    "a workbook in Strict Open XML",
                    (
                        "请另存为「Excel 工作簿（.xlsx）」，不选「Strict」",
                        "save it as “Excel Workbook (.xlsx)”, not “Strict”",
                    ),
                )
    elif "[Content_Types].xml" not in names:
        raise _is("压缩文件（ZIP）", "a ZIP archive", _UNPACK)


def _ole(data: bytes) -> Malformed:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        how = "请去掉密码后另存为 .xlsx", "take the password off and save it as .xlsx"
        return _is("带密码的 Excel 文件", "a workbook with a password", how)
    if has("WordDocument"):
        return _is("旧版 Word 文档（.doc）", "an old Word document (.doc)", _SAVE)
    return _is("旧版 Excel 或 WPS 文件（.xls, .et）", "an old .xls or .et file", _SAVE)


def _is(zh: str, en: str, how: tuple[str, str]) -> Malformed:
    return Malformed(f"{zh}：{how[0]} / {en}: {how[1]}")
