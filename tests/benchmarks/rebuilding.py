"""Rebuild of all projections, against two processes that stream the same entries and decode them."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import psutil  # type: ignore[import-untyped]
import psycopg

from ledger.reading.feed import to_recorded
from ledger.store.copy_reader import copy_entries
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Book, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.material import EVENTS_EACH

__all__ = ["rebuilding"]

WORKERS = 2
WORKER_BYTES_MAX = 256 * 1024 * 1024  # resident, of one worker process
_TABLES = (
    "enterprises",
    "standing_segments",
    "standing_changes",
    "pledges",
    "pledge_pages",
    "sections",
    "outcomes",
    "campaigns",
)


def rebuilding(bench: Bench) -> Iterator[Ratio]:
    """Over the whole of a mixed book; the tables must be the same, byte for byte, after every rebuild."""
    book = bench.mixed()
    size = book.size()
    peaks: list[int] = []
    digests: set[str] = set()

    def floor(_: int) -> float:
        middle = size // 2
        began = time.perf_counter()
        with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
            decoded = pool.map(_decode, [book.database.service] * 2, [0, middle], [middle, size])
        check(sum(decoded) == size, "the floor missed entries")
        return size / (time.perf_counter() - began)

    def ours(_: int) -> float:
        with _peak_of_workers(peaks):
            began = time.perf_counter()
            rebuilt = rebuild(book.database.service, WORKERS)
            seconds = time.perf_counter() - began
        check(rebuilt == size, f"rebuilt {rebuilt} of {size}")
        digests.add(_digest(book))
        check(len(digests) == 1, "a rebuild gave other rows")
        check(peaks[-1] <= WORKER_BYTES_MAX, f"a worker took {peaks[-1]:,} bytes")
        return size / seconds

    yield compare(
        f"rebuild of all projections, {size:,} entries, {WORKERS} workers",
        f"{WORKERS} processes that stream and decode the same entries",
        "entries per s",
        floor=floor,
        ours=ours,
        rounds=bench.rounds(5),
        bound="at least",
        target=0.4,
        note=lambda: f"a worker took at most {max(peaks) / 2**20:,.0f} MiB of {WORKER_BYTES_MAX // 2**20}",
    )


def _decode(conninfo: str, start: int, stop: int) -> int:
    count = 0
    for rows in copy_entries(conninfo, start, stop):
        for row in rows:
            to_recorded(row)
        count += len(rows)
    return count


@contextmanager
def _peak_of_workers(peaks: list[int]) -> Iterator[None]:
    """Append the most memory that any child process was seen to hold, looked at ten times a second."""
    over = threading.Event()
    peak = 0

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            for child in psutil.Process().children():
                try:
                    if child.name().startswith("python"):
                        peak = max(peak, child.memory_info().rss)
                except psutil.Error:  # it has ended
                    continue

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        peaks.append(peak)


def _digest(book: Book) -> str:
    """Of all rows of all read models, in their order."""
    whole = sha256()
    with psycopg.connect(book.database.service) as connection:
        for table in _TABLES:
            rows = connection.execute(
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM projections.{table} t"
            ).fetchone()
            assert rows is not None
            if table == "enterprises":
                check(rows[0] * EVENTS_EACH <= book.size() < (rows[0] + 100) * EVENTS_EACH, f"{rows[0]} enterprises")
            whole.update(repr((table, rows)).encode())
    return whole.hexdigest()
