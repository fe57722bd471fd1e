"""Coroutines that wait for a size to be reached: no thread, no connection of the database, a future each."""

from __future__ import annotations

import asyncio

__all__ = ["WaitingRoom"]


class WaitingRoom:
    """A number that only grows, and who waits for it. Used on the event loop, but `saw` from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._size = 0
        self._waiting: dict[asyncio.Future[None], int] = {}

    @property
    def size(self) -> int:
        """The largest size that was seen."""
        return self._size

    def saw(self, size: int) -> None:
        """Take note of a size; a smaller one than before changes nothing."""
        if size > self._size and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._advance, size)

    async def wait(self, size: int, timeout: float) -> int:  # noqa: ASYNC109 - its end is an answer, not an error
        """Wait until `size` is reached, at most `timeout` seconds; the size that is."""
        if self._size < size:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiting[future] = size
            try:
                await asyncio.wait((future,), timeout=timeout)
            finally:
                self._waiting.pop(future, None)
        return self._size

    def let_go(self) -> None:
        """Wake everybody, whatever the size: the service ends. From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, list(self._waiting))

    def _advance(self, size: int) -> None:
        self._size = max(self._size, size)
        self._wake([future for future, wanted in self._waiting.items() if wanted <= self._size])

    def _wake(self, futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            self._waiting.pop(future, None)
            if not future.done():
                future.set_result(None)
