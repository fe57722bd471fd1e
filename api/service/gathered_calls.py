"""One call for all who ask while another is under way: what blocks on the database, or on the interpreter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

__all__ = ["GatheredCalls"]

_LOG = logging.getLogger(__name__)
K = TypeVar("K")
V = TypeVar("V")


class GatheredCalls(Generic[K, V]):
    """Used in one event loop. `call` runs in a thread, one at a time, for at most `together_max` different keys; it
    gives each its answer, in their order, None for those that somebody else has to look at."""

    def __init__(self, call: Callable[[Sequence[K]], Sequence[V | None]], together_max: int) -> None:
        self._call = call
        self._together_max = together_max
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._calling: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """The answer to a call that began after now. None also where the call failed, which is logged."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._calling is None:
            self._calling = asyncio.create_task(self._answer_all())
        return await asyncio.shield(future)

    async def _answer_all(self) -> None:
        """Call for whoever waits, until nobody does."""
        try:
            while self._waiting:
                keys = list(islice(self._waiting, self._together_max))
                waiting = [self._waiting.pop(key) for key in keys]
                answers: Sequence[V | None] = [None] * len(keys)
                try:
                    answers = await run_in_threadpool(self._call, keys)
                except Exception:  # a defect: whoever looks at one of them at a time says which has it
                    _LOG.exception("a defect on what is answered together")
                finally:
                    for future, answer in zip(waiting, answers, strict=True):
                        if not future.done():
                            future.set_result(answer)
        finally:
            self._calling = None
