"""A client that says exactly what it is told to say, over a socket of its own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.book import Book

__all__ = ["GENERAL", "Client", "Reply", "ask", "connected", "get", "read_both_ways", "without_time_and_way"]

GENERAL = "Origin: https://example.org\r\n"  # with it a request goes through the framework
Reply = tuple[int, dict[str, str], bytes]


class Client:
    """One connection."""

    def __init__(self, book: Book) -> None:
        url = book.http.base_url
        self._socket = socket.create_connection((url.host, url.port or 80), timeout=20)
        self._file = self._socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            self._socket.sendall(part)

    def reply(self, *, head: bool = False) -> Reply:
        """The next answer; `head`: to a `HEAD`, which has no content."""
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            assert name == "vary" or name not in headers, name
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return status, headers, self._file.read(0 if head or status == 304 else int(headers.get("content-length", 0)))

    def ended(self) -> bool:
        """Whether the service closed the connection, with nothing more to say."""
        return self._file.read() == b""

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def connected(book: Book) -> Iterator[Client]:
    client = Client(book)
    try:
        yield client
    finally:
        client.close()


def get(path: str, headers: str = "") -> bytes:
    """A whole `GET` request; `headers` are lines that each end in CRLF."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()


def ask(book: Book, request: bytes) -> Reply:
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


def read_both_ways(book: Book, path: str, headers: str = "") -> Reply:
    """The answer, once it is seen to be the same by both ways, at first and out of memory."""
    general = ask(book, get(path, headers + GENERAL))
    with connected(book) as client:
        for _ in range(3):
            client.send(get(path, headers))
            status, told, content = client.reply()
            assert (status, content) == (general[0], general[2])
            assert without_time_and_way(told) == without_time_and_way(general[1])
    return general
