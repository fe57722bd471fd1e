"""Whether a request that changes something was sent by a page of this very site (Fetch §3.2, Fetch Metadata §2.1).

Checked by `Origin`, which browsers put on every POST, and by `Sec-Fetch-Site` where they send it. A request without
`Origin` is refused: whoever is no browser can say where he means to be.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from api.http.errors import AccessDenied

__all__ = ["WebOrigins"]

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_OWN_MACHINE: Final = frozenset({*_LOOPBACK, "0.0.0.0", "[::]"})  # noqa: S104 - listened on, not gone to
_PORTS: Final = {"http": 80, "https": 443}


class WebOrigins:
    """The origins (RFC 6454) under which people reach the service: that of its public address; a service that has none
    but this machine's is reached by each of its names.

    `secure`: cookies are for encrypted connections alone, as everywhere beyond loopback.
    """

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
        port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
        self.secure = host not in _OWN_MACHINE
        hosts = (host,) if self.secure else _LOOPBACK
        self.allowed = frozenset(f"{parts.scheme}://{one}{port}" for one in hosts)

    def require(self, request: Request) -> str:
        """The request's origin, one of these. Raises `AccessDenied` (403)."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin in self.allowed and site == "same-origin":
            return str(origin)
        raise AccessDenied(
            403,
            "desk.other_origin",
            "该请求不是从本站的页面发出的，未作任何处理；请从工作台重新操作",
            f"not sent by a page of this site (Origin {origin!r:.80}, Sec-Fetch-Site {site!r:.20}); nothing was done",
        )
