"""The QR code of a certificate (ISO/IEC 18004): the short address of the pledge's page, as SVG."""

from __future__ import annotations

import io

import segno

__all__ = ["qr_svg"]


def qr_svg(address: str) -> bytes:
    """The code with its quiet zone of four modules, error correction M. The same address gives the same bytes."""
    out = io.BytesIO()
    code = segno.make_qr(address, error="m", boost_error=False)
    code.save(out, kind="svg", border=4, xmldecl=False, svgns=True, nl=False, omitsize=True)
    return out.getvalue()
