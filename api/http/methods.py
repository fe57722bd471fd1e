"""HEAD wherever GET is, OPTIONS wherever anything is (RFC 9110 §9.3.2, §9.3.7), for all routes at once."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Methods"]

SERVER: Final = "/*"  # `OPTIONS *`, as `connection.py` hands it on
_SERVED: Final = b"GET, HEAD, POST, OPTIONS"


class Methods:
    """Pure ASGI middleware. HEAD is answered as GET is, without the content, which is not made to its end either."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _Headers(send).send)
        elif scope["method"] == "OPTIONS":
            if scope["path"] == SERVER:
                await _allowed(send, _SERVED)
            else:
                await self._app(scope, receive, _Options(send).send)
        else:
            await self._app(scope, receive, _allowing_more(send))


class _Headers:
    """Ends the answer with its headers; who goes on sending learns from `receive` that the client is served."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._over = False

    async def send(self, message: Message) -> None:
        if self._over:
            return
        await self._send(message)
        if message["type"] == "http.response.start":
            self._over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class _Options:
    """Turns "not this method, but these" into what these are."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._over = False

    async def send(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start" and message["status"] == 405:
            self._over = True
            await _allowed(self._send, _more(dict(message["headers"]).get(b"allow", b"GET")))
        else:
            await self._send(message)


def _allowing_more(send: Send) -> Send:
    """`send`, with HEAD and OPTIONS among what a 405 says is allowed."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            message["headers"] = [
                (name, _more(value) if name == b"allow" else value) for name, value in message["headers"]
            ]
        await send(message)

    return adding


def _more(allow: bytes) -> bytes:
    methods = {one.strip() for one in allow.split(b",")} | {b"OPTIONS"}
    return b", ".join(sorted(methods | {b"HEAD"} if b"GET" in methods else methods))


async def _allowed(send: Send, allow: bytes) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow)]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
