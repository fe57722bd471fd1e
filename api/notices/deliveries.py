"""Deliveries under way, of mails and of webhooks: what a receiver answered is recorded, whatever else befalls us.

Between an answer and its record nobody else can tell that it was answered. So nothing is waited for in between but the
record itself, which has threads of its own; while the database is away it is tried again; and a stop of the service
waits for what was begun. What is left is a crash in these milliseconds (docs/decisions/0045).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final, ParamSpec, TypeVar

import anyio

from ledger.errors import LedgerError, Unavailable
from ledger.limits import ANSWER_RECORD_SECONDS_MAX, STOP_DELIVERIES_SECONDS_MAX, WEBHOOKS_AT_ONCE_MAX

__all__ = ["Deliveries"]

P = ParamSpec("P")
T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS: Final = 0.25


class Deliveries:
    """Those of one kind, named for the log. Used on one event loop."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._tasks: set[asyncio.Task[None]] = set()
        self._recording = anyio.CapacityLimiter(WEBHOOKS_AT_ONCE_MAX)

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, delivery: Coroutine[object, object, None]) -> None:
        """What it raises is logged by its kind: its words may hold somebody's address. What the service itself could
        not do stays claimed, and is tried again when its lease ends."""
        task = asyncio.create_task(self._guarded(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ended(self) -> None:
        """Wait for all that are under way. Who is cancelled meanwhile cancels none of them."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Wait for all that are under way, `STOP_DELIVERIES_SECONDS_MAX` at most; the rest is cut short."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_DELIVERIES_SECONDS_MAX)
            for task in late:
                task.cancel()

    async def record(self, write: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write down what was answered, in one statement that may be repeated; its result.

        Raises `Unavailable` where the database is away for `ANSWER_RECORD_SECONDS_MAX`: longer than a lease.
        """
        until = time.monotonic() + ANSWER_RECORD_SECONDS_MAX
        while True:
            try:
                return await anyio.to_thread.run_sync(partial(write, *args, **kwargs), limiter=self._recording)
            except Unavailable:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _guarded(self, delivery: Coroutine[object, object, None]) -> None:
        try:
            await delivery
        except LedgerError as error:
            _LOG.warning("%s: one is tried again: %s", self._what, type(error).__name__)
        except Exception:
            _LOG.exception("%s: a defect; going on", self._what)
