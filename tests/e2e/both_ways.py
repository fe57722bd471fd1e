"""Asking by both ways: below the framework, and through it. Whoever asks cannot tell by which an answer came."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager

from tests.e2e.book import Book
from tests.support.raw_http import Raw, Said, raw

__all__ = ["GENERAL", "ask", "connected", "get", "read_both_ways", "without_time_and_way"]

GENERAL = "Origin: https://example.org\r\n"  # with it a request goes through the framework


def connected(book: Book) -> AbstractContextManager[Raw]:
    """A connection to the book's service."""
    return raw(book.http.base_url, 20)


def get(path: str, headers: str = "") -> bytes:
    """A whole `GET` request; `headers` are lines that each end in CRLF."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()


def ask(book: Book, request: bytes) -> Said:
    """The answer to one request on a connection of its own."""
    with connected(book) as client:
        client.send(request)
        return client.reply()


def without_time_and_way(headers: dict[str, str]) -> dict[str, str]:
    """Headers less those that tell the time and the way."""
    left = {name: value for name, value in headers.items() if not name.startswith("access-control-")}
    assert re.fullmatch(r'"client";r=\d+;t=1', left.pop("ratelimit"))
    assert left.pop("date")
    return left


def read_both_ways(book: Book, path: str, headers: str = "") -> Said:
    """The answer, once it is seen to be the same by both ways, at first and out of memory."""
    general = ask(book, get(path, headers + GENERAL))
    with connected(book) as client:
        for _ in range(3):
            client.send(get(path, headers))
            status, told, content = client.reply()
            assert (status, content) == (general[0], general[2])
            assert without_time_and_way(told) == without_time_and_way(general[1])
    return general
