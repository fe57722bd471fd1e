"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1.2): made here, compared here, nowhere else.

A route may name the tag of what it answers (`entity_tag`); the tag of any other answer that may be cached is the hash
of its bytes. Whether the client has it already is seen here for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.limits import PARSED_ON_LOOP_BYTES_MAX

__all__ = ["Conditional", "entity_tag", "is_known", "of_known", "parse_tags", "tag_for", "tag_of"]

Headers = Iterable[tuple[bytes, bytes]]

_OPAQUE: Final = re.compile(r"[\x21\x23-\x7e]*")
_ITEM: Final = re.compile(rb'[ \t]*(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|\Z)')
_ANY: Final = b"*"
# What a 304 says again (RFC 9110 §15.4.5), beside what is said of every answer; nothing of its content.
_OF_CONTENT: Final = frozenset({b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"})
_DIGEST_DIGITS: Final = 32


def entity_tag(opaque: str) -> str:
    """The strong tag of this name, as the `ETag` header has it. `ValueError` for what no tag may hold."""
    if not _OPAQUE.fullmatch(opaque):
        raise ValueError(f"not the inside of an entity tag: {opaque!r}")
    return f'"{opaque}"'


def tag_of(content: bytes) -> str:
    """The strong tag of an answer that nobody has named: the hash of its bytes."""
    return entity_tag(sha256(content).hexdigest()[:_DIGEST_DIGITS])


def parse_tags(field: bytes) -> frozenset[bytes] | None:
    """The opaque tags that an `If-None-Match` field lists, weak and strong alike; None for `*`.

    None of them where the field is not in the grammar: then the client is sent what it asks for.
    """
    if field.strip(b" \t") == _ANY:
        return None
    found: set[bytes] = set()
    at = 0
    while at < len(field):
        item = _ITEM.match(field, at)
        if item is None:
            return frozenset()
        if item[2] is not None:
            found.add(item[2])
        at = item.end()
    return frozenset(found)


def is_known(tag: str, headers: Headers) -> bool:
    """Whether a request with these headers says that its client has the representation `tag` (weak comparison)."""
    fields = [value for name, value in headers if name == b"if-none-match"]
    if not fields:
        return False
    known = parse_tags(b", ".join(fields))
    return known is None or tag.removeprefix("W/")[1:-1].encode() in known


def of_known(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Those headers of a 200 that a 304 in its place has, too."""
    return [(name, value) for name, value in headers if name not in _OF_CONTENT]


def tag_for(headers: Headers, content: bytes) -> str | None:
    """The tag of a 200 with these headers and this content; None where it may not be kept."""
    return (_named(headers) or tag_of(content)) if _cacheable(headers) else None


class Conditional:
    """Pure ASGI middleware: tags what may be cached and has no tag, and answers 304 for what the client has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, _Tagging(scope, send).send)
        else:
            await self._app(scope, receive, send)


class _Tagging:
    """Holds back the beginning of a 200 that may be cached until its tag is known."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._over = False

    async def send(self, message: Message) -> None:
        if self._over:
            return  # the content of what the client has
        if message["type"] == "http.response.start":
            if message["status"] == 200 and _cacheable(message["headers"]):
                self._start = message
            else:
                await self._send(message)
            return
        start, self._start = self._start, None
        if start is not None:
            tag = _named(start["headers"])
            if tag is None and not message.get("more_body", False):
                content = message.get("body", b"")
                small = len(content) <= PARSED_ON_LOOP_BYTES_MAX
                tag = tag_of(content) if small else await run_in_threadpool(tag_of, content)
                start["headers"] = [*start["headers"], (b"etag", tag.encode())]
            if tag is not None and is_known(tag, self._scope["headers"]):
                self._over = True
                await self._send({"type": "http.response.start", "status": 304, "headers": of_known(start["headers"])})
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            await self._send(start)
        await self._send(message)


def _cacheable(headers: Headers) -> bool:
    for name, control in headers:
        if name == b"cache-control":
            return b"no-store" not in control and b"private" not in control
    return False


def _named(headers: Headers) -> str | None:
    for name, value in headers:
        if name == b"etag":
            return value.decode()
    return None
