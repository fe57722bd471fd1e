"""What a process that only reads refuses, before anybody else looks at it: by name, and with where the writer is.

Refused is every method that may change something, but for the questions that are too long for an address; what a
signed request asks for, since each is logged before it is answered; the desks and the complaints, whose every page
keeps something; and what is signed with a key of the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["QUESTIONS", "RefusesWrites", "is_for_the_writer"]

QUESTIONS: Final = frozenset(("/v1/standings/query", "/v1/enterprises/query", "/v1/ctis/query"))
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_KEEPING: Final = re.compile(r"(?:/en)?/(?:desk|complain)(?:/.*)?", re.DOTALL)
_STANDING: Final = re.compile(r"/v1/enterprises/[^/]*/standing")


class RefusesWrites:
    """Pure ASGI middleware. `refusal` gives the answer to what is refused."""

    def __init__(self, app: ASGIApp, refusal: Callable[[Scope], ASGIApp]) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_for_the_writer(scope):
            await self._refusal(scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_for_the_writer(scope: Scope) -> bool:
    """Whether a process that only reads refuses the request by its head."""
    path, headers = scope["path"], Headers(scope=scope)
    if scope["method"] not in _SAFE and not (scope["method"] == "POST" and path in QUESTIONS):
        return True
    if headers.get("authorization", "").startswith("COSE ") or _KEEPING.fullmatch(path):
        return True
    return _STANDING.fullmatch(path) is not None and "application/cose" in headers.get("accept", "")
