"""The paths that carry the load, answered before the framework is asked; everything else goes on to it."""

from __future__ import annotations

import logging
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import INTERNAL, problem_response
from api.routes.entries_registration import PostEntries
from api.routes.marks import MarkRoute
from api.routes.standing import StandingRoute
from api.service.service import Service

__all__ = ["Front"]

_LOG = logging.getLogger(__name__)

_BEFORE: Final = "/v1/enterprises/"
_AFTER: Final = "/standing"
_MARK: Final = "/m/"
_PAGES: Final = ("/e/", "/en/e/")
_HEALTH: Final = "/healthz"
_LIVES: Final = Response(b"ok\n", media_type="text/plain")


class Front:
    """Pure ASGI, before the framework; the rest goes on to what it wraps.

    `POST /entries`, `GET …/standing`, `GET /m/{serial}` of programs, `/e/{id}`, `GET /healthz`.
    """

    def __init__(self, app: ASGIApp, service: Service, enterprise_pages: ASGIApp) -> None:
        self._app = app
        self._enterprise_pages = enterprise_pages
        self._post_entries = PostEntries(service)
        self._standing = StandingRoute(service)
        self._mark = MarkRoute(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if path == "/entries" and scope["method"] == "POST":
            await _guarded(self._post_entries, scope, receive, send)
        elif path.startswith(_BEFORE) and path.endswith(_AFTER) and scope["method"] in ("GET", "HEAD"):
            name = path[len(_BEFORE) : -len(_AFTER)]
            if "/" in name:
                await self._app(scope, receive, send)
                return
            scope["path_params"] = {"name": name}
            await _guarded(self._standing, scope, receive, send)
        elif path == _HEALTH and scope["method"] in ("GET", "HEAD"):
            await _LIVES(scope, receive, send)  # whoever balances load asks often, and over new connections
        elif path.startswith(_MARK) and scope["method"] in ("GET", "HEAD") and not _asks_for_a_page(scope):
            scope["path_params"] = {"serial": path[len(_MARK) :]}
            await _guarded(self._mark, scope, receive, send)
        elif path.startswith(_PAGES) and scope["method"] in ("GET", "HEAD"):
            await _guarded(self._enterprise_pages, scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _asks_for_a_page(scope: Scope) -> bool:
    """As browsers do, and programs do not."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _guarded(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """A defect is logged, and told as a problem if no answer has begun."""
    begun = False

    async def send_noting(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    try:
        await app(scope, receive, send_noting)
    except Exception:
        _LOG.exception("a defect on /%s", scope["path"].split("/")[1])
        if not begun:
            await problem_response(INTERNAL)(scope, receive, send)
