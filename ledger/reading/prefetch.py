"""Fetching ahead from a published log: many requests at once, and no more held than a few.

A distant log then costs no round trip for each file, and a slow reader does not hold the whole log in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from ledger.limits import FOLLOW_AHEAD_MAX

__all__ = ["THREADS", "Fetch", "ahead", "in_turn"]

Item = TypeVar("Item")
Found = TypeVar("Found")

Fetch = Callable[[str], bytes | None]
"""The bytes under a path without a leading slash, None where there is nothing. Raises `Unavailable`, `Malformed`."""

THREADS: Final = 8


def in_turn(
    pool: ThreadPoolExecutor, fetch: Callable[[Item], Found], items: Iterable[Item], *, held_max: int = THREADS
) -> Iterator[Found]:
    """What `fetch` gives for each item, in order; at most `held_max` are on their way or waiting to be taken.

    Raises what `fetch` raises, when its turn comes. (`Executor.map` asks for everything at once: whoever takes the
    answers slowly would hold the whole log.)
    """
    waiting: deque[Future[Found]] = deque()
    for item in items:
        if len(waiting) == held_max:
            yield waiting.popleft().result()
        waiting.append(pool.submit(fetch, item))
    while waiting:
        yield waiting.popleft().result()


def ahead(fetch: Callable[[Item], Found], items: Iterable[Item]) -> Generator[tuple[Item, Found], None, None]:
    """Each item with what `fetch` gives for it, in order, fetched by threads of its own; as `in_turn` otherwise.

    At most `FOLLOW_AHEAD_MAX` are held at a time. Close the iterator to drop what was asked for.
    """
    pool = ThreadPoolExecutor(FOLLOW_AHEAD_MAX, thread_name_prefix="ahead")
    try:
        yield from in_turn(pool, lambda item: (item, fetch(item)), items, held_max=FOLLOW_AHEAD_MAX)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
