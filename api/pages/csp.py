"""The headers that keep a page to itself: nothing from elsewhere, nothing inline, nobody around it.

The one place where they are said. A page that needs more than these does not exist; one that needs less still has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["PAGE_HEADERS", "POLICY"]

#: Content Security Policy Level 3. Scripts, styles, pictures, connections and workers are ours and served by us.
POLICY: Final = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

#: Of every page and every asset.
PAGE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)
