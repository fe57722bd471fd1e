"""Taking in new connections: all that are there at each turn of the event loop, not one.

uvloop 0.23 accepts one connection per turn. Under writes a turn takes tens of milliseconds, so newcomers waited
seconds for their first answer. How many may be open is for `connections.py`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

from ledger.errors import Misconfigured
from ledger.limits import ACCEPTS_PER_TURN_MAX

__all__ = ["Listener", "bound"]

_LOG = logging.getLogger(__name__)

_BACKLOG: Final = 2_048
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_EXHAUSTED_SECONDS: Final = 0.2


def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to all addresses of `host`, not yet listening. Raises `Misconfigured`, such as for a taken port."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
    except OSError as error:
        for one in sockets:
            one.close()
        raise Misconfigured(f"无法监听 {host}:{port} / cannot listen on {host}:{port}: {error.strerror}") from None
    return sockets


class Listener:
    """Hands each connection on a bound socket to a protocol of its own. `open` it, `close` it, on the event loop."""

    def __init__(self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._socket = listening
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def open(self) -> None:
        """Raises `Misconfigured` where somebody else came first."""
        try:
            self._socket.listen(_BACKLOG)
        except OSError as error:
            raise Misconfigured(f"无法监听 / cannot listen on {self._socket.getsockname()}: {error.strerror}") from None
        self._loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN_MAX):
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it went before it was taken in
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                _LOG.warning("no more connections for now: %s", error.strerror)
                self._loop.remove_reader(self._socket)
                self._loop.call_later(_EXHAUSTED_SECONDS, self._again)
                return
            accepted.setblocking(False)
            if accepted.family != socket.AF_UNIX:
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._connect(accepted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _again(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._socket, self._accept)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, accepted)
        except OSError as error:
            accepted.close()
            _LOG.info("a connection went before it was answered: %s", error)
