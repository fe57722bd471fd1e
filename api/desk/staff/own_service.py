"""The service that this process is, as an HTTP client in one of its own threads asks it: no socket, no allowance."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio.from_thread
import httpx
from starlette.types import ASGIApp

from ledger.errors import Unavailable

__all__ = ["own_service"]

_BASE = "http://own.invalid"  # RFC 6761 §6.4: nothing is asked under this name


def own_service(app: ASGIApp, seconds_max: float, *, monotonic: Callable[[], float] = time.monotonic) -> httpx.Client:
    """A client of `app`, to be used in a thread of its event loop (`run_in_threadpool`) for at most `seconds_max`.

    After that every request raises `Unavailable`.
    """
    return httpx.Client(base_url=_BASE, transport=_OwnTransport(app, monotonic() + seconds_max, monotonic))


class _OwnTransport(httpx.BaseTransport):
    def __init__(self, app: ASGIApp, until: float, monotonic: Callable[[], float]) -> None:
        self._inner = httpx.ASGITransport(app)
        self._until = until
        self._monotonic = monotonic

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._monotonic() > self._until:
            raise Unavailable("this took too long, and was given up")
        return anyio.from_thread.run(self._asked, request)

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)
