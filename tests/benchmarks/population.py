"""Comparing two policies for everybody, against processes that fold the same streams and evaluate nothing."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from msgspec.structs import replace

from api.service.service import unix_now
from ledger.charter.default_policies import default_standing_policy
from ledger.domain.values.dates import shanghai_date
from ledger.parallel.process_pool import ProcessEngine
from ledger.store.copy_reader import split_streams
from projections.standing.policy_comparison import compare_policies
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.folding import begin, fold_part
from tests.benchmarks.material import EVENTS_EACH

__all__ = ["comparison"]

WORKERS = 2
_PARTS = WORKERS * 8


def comparison(bench: Bench) -> Iterator[Ratio]:
    """Over the whole of a mixed book, under a stricter policy."""
    book = bench.mixed()
    size, conninfo = book.size(), book.database.service
    stricter = replace(default_standing_policy(), watch_from=600, alert_from=2000)
    today = shanghai_date(unix_now())
    changed: set[int] = set()

    def floor(_: int) -> float:
        began = time.perf_counter()
        with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn"), begin) as pool:
            parts = split_streams(conninfo, _PARTS)
            folded = sum(
                future.result() for future in [pool.submit(fold_part, conninfo, *part, size) for part in parts]
            )
        check(size - folded < 100, f"the floor folded {folded} of {size} entries")
        return folded / (time.perf_counter() - began)

    def ours(_: int) -> float:
        began = time.perf_counter()
        with ProcessEngine(WORKERS) as engine, compare_policies(conninfo, stricter, today, engine) as (totals, lines):
            told = sum(1 for _ in lines)
        seconds = time.perf_counter() - began
        check(told == totals.changed > 0, f"{told} lines of {totals.changed} changes")
        check(0 <= size - totals.enterprises * EVENTS_EACH < 100, f"{totals.enterprises} enterprises")
        changed.add(told)
        check(len(changed) == 1, "a comparison gave another result")
        return size / seconds

    yield compare(
        f"policy comparison of {bench.of(200_000) // EVENTS_EACH:,} enterprises, {size:,} entries, {WORKERS} workers",
        f"{WORKERS} processes that fold the same streams",
        "entries per s",
        floor=floor,
        ours=ours,
        rounds=bench.rounds(5),
        bound="at least",
        target=0.4,
        note=lambda: f"{max(changed):,} enterprises would change",
    )
