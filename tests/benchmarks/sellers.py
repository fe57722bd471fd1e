"""An enterprise with very many complaint outcomes: what each costs to take in, and whether readers are answered."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import count

import psycopg

from ledger.limits import PAGE_ENTRIES_MAX
from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.engine.projecting_process import lean
from projections.engine.rebuild import rebuild
from projections.engine.rebuild_worker import PartToFill, RebuildRun, begin_filling, fill_part
from projections.engine.runner import Runner
from projections.engine.schema import NEXT, create_tables, drop_tables, prepare
from projections.standing.policy_timeline import Rules
from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load
from tests.benchmarks.material import name_of
from tests.support.running import RunningService

__all__ = ["sellers"]

FEW, MANY = 1_000, 10_000
PAGE_BYTES_MAX = 1024 * 1024
# Drawn or read in full for each request: the page in either language, JSON, the timeline, the first events.
ADDRESSES = (
    "/e/{0}",
    "/en/e/{0}",
    "/v1/enterprises/{0}",
    "/v1/enterprises/{0}/standing",
    "/v1/enterprises/{0}/standing/history",
    "/v1/enterprises/{0}/declarations",
    "/v1/enterprises/{0}/events",
)


def sellers(bench: Bench) -> Iterator[Ratio]:
    """Taking in by following and by rebuilding, for each outcome; then every address about either, first asked for."""
    book = bench.book("sellers")
    outcomes = {name_of(number, "seller"): bench.of(some) for number, some in enumerate((FEW, MANY))}
    prepare(book.database.service)
    followed: dict[str, float] = {}
    with PostgresStore.open(book.database.service) as store:
        runner = Runner(Feed(store, lean), book.database.service)
        try:
            for name, some in outcomes.items():
                _follow(runner)
                with Writer(book) as writer:
                    writer.fill([book.material.registered(name)])
                    writer.fill((book.material.outcome(name, number) for number in range(some)), name)
                followed[name] = _follow(runner) / some * 1e6
        finally:
            runner.stop()
    few, many = outcomes
    yield compare(
        f"following, an outcome of {outcomes[many]:,} about one enterprise",
        f"following, an outcome of {outcomes[few]:,}",
        "µs of a processor",
        floor=lambda _: followed[few],
        ours=lambda _: followed[many],
        rounds=1,
        bound="at most",
        target=6.0,
        note=lambda: "rows are drawn once for a batch of 2,000 entries at most, in proportion to what is on record",
    )
    filling, parts = _filling(book), count(1)
    yield compare(
        f"rebuild, an outcome of {outcomes[many]:,} about one enterprise",
        f"rebuild, an outcome of {outcomes[few]:,}",
        "µs of a processor",
        floor=lambda _: _filled(filling, next(parts), few) / outcomes[few] * 1e6,
        ours=lambda _: _filled(filling, next(parts), many) / outcomes[many] * 1e6,
        rounds=bench.rounds(3),
        bound="at most",
        target=1.5,
    )
    rebuild(book.database.service)
    with book.service() as service:
        yield compare(
            f"every address about an enterprise with {outcomes[many]:,} outcomes, each asked once",
            f"about one with {outcomes[few]:,}",
            "s",
            floor=lambda _: _answered(service, few),
            ours=lambda _: _answered(service, many),
            rounds=1,
            bound="at most",
            target=1.5 * MANY / FEW,
        )


def _follow(runner: Runner) -> float:
    """To the end of the log; seconds of this process."""
    began = time.process_time()
    while runner.step() or runner.behind:
        pass
    return time.process_time() - began


def _filling(book: Book) -> RebuildRun:
    with psycopg.connect(book.database.service) as connection:
        begin_filling(connection, "sellers")
        drop_tables(connection, NEXT)
        create_tables(connection, NEXT)
    with PostgresStore.open(book.database.service) as store:
        feed = Feed(store)
        return RebuildRun(book.database.service, Rules.none().after(feed.governing()), feed.size(), "sellers")


def _filled(filling: RebuildRun, part: int, name: str) -> float:
    began = time.process_time()
    entries = fill_part(filling, PartToFill(part, f"local:bench/{name}", f"local:bench/{name}~"))
    check(entries > 1, f"{name} has no stream")
    return time.process_time() - began


def _answered(service: RunningService, name: str) -> float:
    """Seconds until all of them were answered, one after the other; none longer than a page is."""
    whole = 0.0
    for address in ADDRESSES:
        path = address.format(f"local~bench~{name}")
        began = time.perf_counter()
        done = load(service.port, [get(path)], 1)
        seconds = time.perf_counter() - began
        _, content = done.kept[0]
        check(done.statuses == {200: 1}, f"{path}: {done.statuses}")
        check(len(content) <= PAGE_BYTES_MAX, f"{path} has {len(content):,} bytes")
        sys.stderr.write(f"  {path}: {seconds:.2f} s, {len(content):,} bytes\n")
        whole += seconds
    check(content.count(b'"entry"') >= min(PAGE_ENTRIES_MAX, 100), "no events")
    return whole
