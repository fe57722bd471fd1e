"""A client that sends exactly the bytes that it is told to send, and reads answers without a library's opinion."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

__all__ = ["Raw", "Said", "raw"]


class Said(NamedTuple):
    """An answer: its status, its headers by lower-case name (of several with one name a list), its content as far as
    `Content-Length` says."""

    status: int
    headers: dict[str, str]
    content: bytes


class Raw:
    """One connection to a service."""

    def __init__(self, url: httpx.URL, seconds: float = 60, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((url.host, url.port or 80), timeout=seconds, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def finish(self) -> None:
        """Say that nothing more is sent; answers are still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def reply(self, *, head: bool = False) -> Said:
        """The next answer; `head`: to a HEAD request, which has no content. Raises `ConnectionError` if none comes."""
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the service closed without an answer")
        headers: dict[str, str] = {}
        while line_ := self._file.readline().strip():
            name, _, value = line_.decode().partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        status = int(line.split()[1])
        length = 0 if head or status == 304 else int(headers.get("content-length", 0))
        return Said(status, headers, self._file.read(length))

    def ended(self) -> bool:
        """Whether the service closed, with nothing more to say."""
        try:
            return self._file.read() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@contextmanager
def raw(url: httpx.URL, seconds: float = 60, source: str = "127.0.0.1") -> Iterator[Raw]:
    client = Raw(url, seconds, source)
    try:
        yield client
    finally:
        client.close()
