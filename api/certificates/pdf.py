"""Sets a certificate: model and attachments in, PDF/A-3b (ISO 19005-3) out. The same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from api.certificates.attached import AttachedFile
from api.certificates.layout import Certificate
from api.certificates.qr import qr_svg
from api.certificates.typesetting import CharacterUnknown, pdf_of
from ledger.errors import Refused

__all__ = ["SET_BY", "typeset"]

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
            return pdf_of(root / "main.typ", inputs, "a-3b", issued_at, root=root)
    except CharacterUnknown as error:
        raise Refused(
            "certificate.character_unknown",
            "公告含有现有字体都没有的字符，不能制发",
            "the certificate holds a character that none of its fonts has: it is not made with a hole in it",
            str(error),
        ) from error


@cache
def _template() -> bytes:
    return files("api.certificates").joinpath("certificate.typ").read_bytes()
