"""The newest entries as lines of the feed, rendered once for all who follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from ledger.limits import EVENTS_SHARED_SECONDS, STREAM_LINES_PIECE

__all__ = ["EventTail"]

Read = Callable[[int, int], Awaitable[Sequence[bytes]]]


class EventTail:
    """On the event loop. `read(after, limit)` gives lines of entries with index > `after`, in log order.

    A line tells what is public at the moment, so none is handed out that is older than `EVENTS_SHARED_SECONDS`.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._reading = asyncio.Lock()
        self._after = -1
        self._lines: Sequence[bytes] = ()
        self._read_at = float("-inf")

    async def lines(self, after: int, size: int) -> Sequence[bytes]:
        """Some lines that follow `after` in a log of `size` entries; none where there are none yet."""
        if after + 1 >= size:
            return ()
        if size - after > STREAM_LINES_PIECE:  # catching up: nobody else is at the same place
            return await self._read(after, STREAM_LINES_PIECE)
        async with self._reading:  # whoever comes first reads for all who wait
            found = self._shared(after)
            if not found:
                start = max(-1, min(after, size - 1 - STREAM_LINES_PIECE // 2))
                self._lines = await self._read(start, STREAM_LINES_PIECE)
                self._after, self._read_at = start, time.monotonic()
                found = self._shared(after)
            return found

    def _shared(self, after: int) -> Sequence[bytes]:
        if after < self._after or time.monotonic() - self._read_at > EVENTS_SHARED_SECONDS:
            return ()
        return self._lines[after - self._after :]
