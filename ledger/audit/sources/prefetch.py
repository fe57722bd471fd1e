"""Fetching from a published log: many requests at once, and no more held than a few."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

__all__ = ["THREADS", "Fetch", "in_turn"]

Item = TypeVar("Item")
Found = TypeVar("Found")

Fetch = Callable[[str], bytes | None]
"""The bytes under a path without a leading slash, None where there is nothing. Raises `Unavailable`, `Malformed`."""

THREADS: Final = 8


def in_turn(pool: ThreadPoolExecutor, fetch: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
    """What `fetch` gives for each item, in order; at most `THREADS` are on their way or waiting to be taken.

    (`Executor.map` asks for everything at once: whoever takes the answers slowly would hold the whole log.)
    """
    waiting: deque[Future[Found]] = deque()
    for item in items:
        if len(waiting) == THREADS:
            yield waiting.popleft().result()
        waiting.append(pool.submit(fetch, item))
    while waiting:
        yield waiting.popleft().result()
