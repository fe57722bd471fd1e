"""How long a service is away that was killed: from the start of its process until `readyz` says 200."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench
from tests.benchmarks.comparing import Ratio, compare
from tests.support.running import RunningService

__all__ = ["restarting"]

TIMES_LONGER_MAX = 1.5


def restarting(bench: Bench) -> Iterator[Ratio]:
    """Over the mixed book, and over one that holds its charter alone; `kill -9` before each start."""
    small, big = bench.book("restart"), bench.mixed()
    for book in (small, big):
        rebuild(book.database.service)
    size = big.size()
    with small.service() as in_small, big.service() as in_big:
        yield compare(
            f"start after `kill -9` until ready, {size:,} entries",
            f"{small.size():,} entries",
            "s",
            floor=_again(in_small),
            ours=_again(in_big),
            rounds=bench.rounds(5),
            bound="at most",
            target=TIMES_LONGER_MAX,
        )


def _again(service: RunningService) -> Callable[[int], float]:
    def again(_: int) -> float:
        service.kill()
        began = time.perf_counter()
        service.start()
        return time.perf_counter() - began

    return again
