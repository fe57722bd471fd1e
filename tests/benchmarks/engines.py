"""Audit and rebuild on a Dask cluster: what two workers gain over one, and what the engine itself costs.

The engine's cost is what as many empty parts take; it is told, and taken off before the gain is reckoned. Of an audit
it is told, too, how long each stage took, and what follows from that for very large logs: docs/scale.md has both.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import psycopg

from api.auditing.audit_target import open_published
from ledger.audit import Known
from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.parallel.dask_engine import DaskEngine
from ledger.parallel.engine import Engine
from ledger.parallel.process_pool import ProcessEngine
from projections.engine.audit_check import check_read_models, rows_of_streams
from projections.engine.rebuild import rebuild
from tests.benchmarks.auditing import trust_of_book
from tests.benchmarks.books import Bench, Book, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.empty_parts import empty_part
from tests.support.cluster import Cluster, cluster
from tests.support.running import COMMAND

__all__ = ["engines"]

_ENTRIES = 50_000  # audited some thirty times
_PARTS = 16
_PAPER = 560_000_000  # entries of a very large log
_MACHINES, _CORES = (10, 50), 8
_STREAMS = (  # as an audit reads them
    "COPY (SELECT e.*, v.* FROM ledger.entries e LEFT JOIN ledger.vault v ON v.leaf_index = e.notification_id - 1 "
    "ORDER BY e.originator_id, e.originator_version) TO STDOUT (FORMAT BINARY)"
)
_LAID_OUT = "lay out"
_SHARED = (_LAID_OUT, "entries")  # of these stages every worker has its share; of the others none has
_GAIN_MIN = 1.5  # of two workers over one, where there are two processors besides those of the database


def engines(bench: Bench) -> Iterator[Ratio]:
    """One worker and two, of one cluster each; the process pool beside them."""
    book = bench.histories("engine", bench.of(_ENTRIES))
    folder = bench.folder / "clusters"
    (folder / "one").mkdir(parents=True)
    (folder / "two").mkdir()
    rebuild(book.database.service)
    _tell_stages(book, bench.folder / "mirror")
    with cluster(folder / "one", 1) as one, cluster(folder / "two", 2) as two:
        cost = max(_engine_seconds(one, 1), _engine_seconds(two, 2))
        yield _gain(bench, book, "audit", _audit, (one, two), cost)
        yield _gain(bench, book, "rebuild", _rebuild, (one, two), cost)
        yield compare(
            f"audit by two Dask workers, {book.size():,} entries",
            "by two processes of the pool",
            "s",
            floor=lambda _: _with_pool(book, _audit),
            ours=lambda _: _with_dask(two, book, _audit),
            rounds=bench.rounds(3),
            bound="at most",
            target=1.3,
        )


def _gain(
    bench: Bench,
    book: Book,
    name: str,
    work: Callable[[Book, Engine], float],
    clusters: tuple[Cluster, Cluster],
    cost: float,
) -> Ratio:
    one, two = clusters
    size = book.size()
    return compare(
        f"{name} of {size:,} entries by two Dask workers, the engine's cost taken off",
        "by one, likewise",
        "entries per s",
        floor=lambda _: size / (_with_dask(one, book, work) - cost),
        ours=lambda _: size / (_with_dask(two, book, work) - cost),
        rounds=bench.rounds(3),
        bound="at least",
        target=_GAIN_MIN if (os.cpu_count() or 1) > 2 else 1.2,  # PostgreSQL and the lead share two
        note=lambda: f"the engine took {cost:.2f} s for {_PARTS} empty parts",
    )


def _engine_seconds(machines: Cluster, workers: int) -> float:
    """What a job of empty parts takes, once the workers are there and have imported what they need."""
    with DaskEngine(machines.address) as engine:
        while engine.processes < workers:
            time.sleep(0.1)
        list(engine.run(empty_part, b"", range(_PARTS)))
        began = time.perf_counter()
        list(engine.run(empty_part, b"", range(_PARTS)))
        return time.perf_counter() - began


def _with_dask(machines: Cluster, book: Book, work: Callable[[Book, Engine], float]) -> float:
    with DaskEngine(machines.address) as engine:
        return work(book, engine)


def _with_pool(book: Book, work: Callable[[Book, Engine], float]) -> float:
    with ProcessEngine(2) as engine:
        return work(book, engine)


def _audit(book: Book, engine: Engine) -> float:
    began = time.perf_counter()
    source, snapshot = DatabaseSource.begin(book.database.service)
    with closing(source):
        outcome = run_audit(
            source,
            trust_of_book(book),
            workers=AuditWorkers(engine, snapshot),
            checks=FurtherChecks([rows_of_streams], [check_read_models]),
        )
    check(outcome.clean, f"found in a book in order: {outcome.counts}")
    return time.perf_counter() - began


def _tell_stages(book: Book, folder: Path) -> None:
    """Of an audit of the database, and of a mirror's folder: what each stage costs, all of it done by this process."""
    trust = trust_of_book(book)
    with book.service() as service:
        subprocess.run([COMMAND, "mirror", service.url, folder, "--once"], check=True, capture_output=True)
    stages = _Stages("database", _CORES * _rows_per_second(book))
    source, _ = DatabaseSource.begin(book.database.service)
    checks = FurtherChecks([rows_of_streams], [check_read_models])
    with closing(source):
        stages.end(run_audit(source, trust, checks=checks, progress=stages.progress).size)
    stages = _Stages("mirror")
    found = open_published(str(folder), trust, lambda done, total: stages.progress(_LAID_OUT, done, total))
    with closing(found.source):
        stages.end(run_audit(found.source, trust, known=Known(found.shown), progress=stages.progress).size)


def _rows_per_second(book: Book) -> float:
    """Entries, in the order of streams, that PostgreSQL hands out to one who asks and does nothing with them."""
    with psycopg.connect(book.database.service) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        with cursor.copy(_STREAMS) as copy:
            for _ in copy:
                pass
        rate = book.size() / (time.perf_counter() - began)
    sys.stderr.write(f"  PostgreSQL hands out {rate:,.0f} entries a second on one connection\n")
    return rate


class _Stages:
    """Told by an audit how far it is. In processor time, which other work on the machine disturbs little.

    `per_second`: at most so many entries come out of the source, however many workers ask: PostgreSQL is taken to have
    a machine like the others to itself.
    """

    def __init__(self, what: str, per_second: float = math.inf) -> None:
        self._what = what
        self._per_second = per_second
        self._ends = {"begin": (time.process_time(), time.perf_counter())}

    def progress(self, stage: str, done: int, total: int) -> None:
        self._ends[stage] = time.process_time(), time.perf_counter()

    def end(self, size: int) -> None:
        """Say it, and what follows from it on paper."""
        self.progress("the rest", size, size)
        shared = alone = 0.0
        for (_, before), (stage, at) in pairwise(self._ends.items()):
            spent, lasted = (1e6 * (one - other) / size for one, other in zip(at, before, strict=True))
            self._say(f"{stage}: {spent:.1f} µs an entry, {lasted:.1f} by the clock")
            if stage in _SHARED:
                shared += spent
            else:
                alone += spent
        self._say(f"{shared:.1f} µs shared by workers, {alone:.1f} of the leading process, of {size:,} entries")
        for machines in _MACHINES:
            workers = machines * _CORES
            work = max(_PAPER * shared / 1e6 / workers, _PAPER / self._per_second)
            lead = _PAPER * alone / 1e6
            self._say(
                f"on paper, {_PAPER:,} entries on {machines} machines of {_CORES} cores: {_hours(work + lead)}, "
                f"{_hours(work)} of them by all workers, {_hours(lead)} by the leading process"
            )
        self._say(f"from {math.ceil(shared / alone / _CORES)} machines on the leading process takes longer than all")

    def _say(self, what: str) -> None:
        sys.stderr.write(f"  audit of a {self._what}, {what}\n")


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


def _rebuild(book: Book, engine: Engine) -> float:
    began = time.perf_counter()
    check(rebuild(book.database.service, engine=engine) == book.size(), "entries are missing")
    return time.perf_counter() - began
