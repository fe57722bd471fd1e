"""Sets a certificate: model and attachments in, PDF/A-3b (ISO 19005-3) out. The same input gives the same bytes.

The fonts come with the packages that the lock names, never from the machine. Typst keeps threads: a process that has
set something must not fork any more (threads, or `spawn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import typst

from api.certificates.attached import AttachedFile
from api.certificates.layout import Certificate
from api.certificates.qr import qr_svg
from ledger.errors import Refused

__all__ = ["SET_BY", "fonts", "typeset"]

_TEMPLATE_VERSION: Final = 1  # one more whenever the template, the layout or a font changes
SET_BY: Final = f"certificate {_TEMPLATE_VERSION}, typst {version('typst')}, pyhanko {version('pyhanko')}"


def typeset(certificate: Certificate, attachments: Sequence[AttachedFile], issued_at: int) -> bytes:
    """The certificate as it is before it is signed, of the moment `issued_at` (Unix seconds).

    Raises `Refused` for a character that no font has: a hole in a name is worse than no certificate.
    """
    listed = [{"name": one.name, "type": one.media_type, "about": one.about} for one in attachments]
    inputs = {
        "certificate": msgspec.json.encode(certificate).decode(),
        "attached": msgspec.json.encode(listed).decode(),
    }
    try:
        with TemporaryDirectory(prefix="certificate-") as folder:  # typst takes binary files from nowhere else
            root = Path(folder)
            (root / "main.typ").write_bytes(_template())
            (root / "qr.svg").write_bytes(qr_svg(certificate.page))
            for one in attachments:
                (root / one.name).write_bytes(one.content)
            compiler = typst.Compiler(root / "main.typ", root=root, font_paths=fonts(), sys_inputs=inputs)
            pdf = compiler.compile(format="pdf", pdf_standards="a-3b", timestamp=issued_at)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        raise Refused(
            "certificate.character_unknown",
            "公告含有现有字体都没有的字符，不能制发",
            "the certificate holds a character that none of its fonts has: it is not made with a hole in it",
            str(error)[:200],
        ) from error
    assert isinstance(pdf, bytes)  # a single file was asked for
    return pdf


@cache
def _template() -> bytes:
    return files("api.certificates").joinpath("certificate.typ").read_bytes()


@cache
def fonts() -> typst.Fonts:
    """Noto Serif SC and Noto Sans SC, and Noto Sans CJK SC for what those lack (44,810 characters)."""
    folders = [str(files(package)) for package in ("pylopdf_fonts_zh_cn", "noto_cjk_sans_otc")]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
