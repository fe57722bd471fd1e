"""Fetching a little ahead of what is being checked, so that a distant log costs no round trip for each file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ledger.limits import FOLLOW_AHEAD_MAX

__all__ = ["ahead"]

Item = TypeVar("Item")
Found = TypeVar("Found")


def ahead(fetch: Callable[[Item], Found], items: Iterable[Item]) -> Generator[tuple[Item, Found], None, None]:
    """Each item with what `fetch` gives for it, in order; at most `FOLLOW_AHEAD_MAX` are held at a time.

    Raises what `fetch` raises, when its turn comes. Close the iterator to drop what was asked for.
    """
    waiting: deque[tuple[Item, Future[Found]]] = deque()
    pool = ThreadPoolExecutor(FOLLOW_AHEAD_MAX, thread_name_prefix="ahead")
    try:
        for item in items:
            waiting.append((item, pool.submit(fetch, item)))
            if len(waiting) == FOLLOW_AHEAD_MAX:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
