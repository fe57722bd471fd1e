"""`python -m tests.benchmarks.million --folder F`: what a book of 1,000,000 entries costs, against one of 10,000.

Both stay in the folder (some 5 GB): grown once, in several runs if one is cut off, and measured again with every run.
The report is written there, too. Measured are: growing it, size on disk, rebuild, audit, start, memory of each process,
look-ups, search, append.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg

from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.parallel.process_pool import ProcessEngine
from projections.engine.audit_check import check_read_models, rows_of_streams
from projections.engine.rebuild import rebuild
from tests.benchmarks.auditing import peak_memory, trust_of_book
from tests.benchmarks.big_book import called, enterprises_in, opened
from tests.benchmarks.books import Book, Writer, check
from tests.benchmarks.load import Load, get, load
from tests.benchmarks.material import candidate, name_of
from tests.benchmarks.searching import typed_queries
from tests.support.running import RunningService

__all__ = ["main"]

SMALL: Final = 10_000
_PROCESSES: Final = 2
_LOOK_UPS: Final = 5_000
_SEARCHES: Final = 1_000
_STARTS: Final = 3
_COMMITS: Final = 50
_COMMIT_ENTRIES: Final = 100


class Measured(NamedTuple):
    """The same of both books. `unit` is that of the numbers."""

    what: str
    unit: str
    small: float
    big: float


def main() -> int:
    """Grow, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.million", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="on a disk; both books stay in it")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the big book, at least")
    parser.add_argument("--only", choices=sorted(_MEASURES), action="append", help="not all measures; may be repeated")
    given = parser.parse_args()
    with opened(given.folder / "small", SMALL) as small, opened(given.folder / "big", given.entries) as big:
        head = f"{small.size():,} and {big.size():,} entries, {psutil.cpu_count()} processors"
        lines = [head, "", "| what | small | big | big ÷ small |", "|---|---:|---:|---:|"]
        sys.stdout.write("\n".join(lines) + "\n")
        for name, measure in _MEASURES.items():
            if given.only is None or name in given.only:
                for one in measure(small, big):
                    lines.append(_row(one))
                    sys.stdout.write(lines[-1] + "\n")
                    sys.stdout.flush()
    (given.folder / "report.md").write_text("\n".join(lines) + "\n")
    return 0


def _row(one: Measured) -> str:
    ratio = f"{one.big / one.small:.2f}" if one.small else ""
    return f"| {one.what} | {_number(one.small)} {one.unit} | {_number(one.big)} {one.unit} | {ratio} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def growing(small: Book, big: Book) -> Iterator[Measured]:
    """All runs in which they were grown."""
    yield Measured("growing: signing in two processes, registering", "entries/s", _grown(small), _grown(big))


def _grown(book: Book) -> float:
    runs = [line.split() for line in (book.folder / "grown").read_text().splitlines()]
    return sum(int(entries) for entries, _ in runs) / sum(float(seconds) for _, seconds in runs)


def rebuilding(small: Book, big: Book) -> Iterator[Measured]:
    yield Measured(f"rebuild, {_PROCESSES} processes", "entries/s", _rebuilt(small), _rebuilt(big))


def _rebuilt(book: Book) -> float:
    with ProcessEngine(_PROCESSES) as engine:
        began = time.perf_counter()
        return rebuild(book.database.service, engine=engine) / (time.perf_counter() - began)


def disk(small: Book, big: Book) -> Iterator[Measured]:
    """After a rebuild: tables of the read models have no dead rows then."""
    for schema, what in (("ledger", "the book"), ("projections", "read models")):
        yield Measured(f"disk: {what}, with indexes", "bytes/entry", _bytes(small, schema), _bytes(big, schema))


def _bytes(book: Book, schema: str) -> float:
    query = (
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND n.nspname = %s"
    )
    with psycopg.connect(book.database.service) as connection:
        row = connection.execute(query, (schema,)).fetchone()
    assert row is not None  # a sum
    return float(row[0]) / book.size()


def auditing(small: Book, big: Book) -> Iterator[Measured]:
    """All entries and tables; nothing may be found."""
    results = [_audited(book) for book in (small, big)]
    yield Measured(f"audit, {_PROCESSES} processes", "entries/s", *(rate for rate, _ in results))
    yield Measured("audit: peak of one process", "MiB", *(peak for _, peak in results))


def _audited(book: Book) -> tuple[float, float]:
    peaks: list[int] = []
    source, snapshot = DatabaseSource.begin(book.database.service)
    with closing(source), peak_memory(peaks), ProcessEngine(_PROCESSES) as engine:
        outcome = run_audit(
            source,
            trust_of_book(book),
            workers=AuditWorkers(engine, snapshot),
            checks=FurtherChecks([rows_of_streams], [check_read_models]),
        )
    check(outcome.clean, f"found in a book in order: {outcome.counts}")
    check(outcome.entries == book.size(), f"audited {outcome.entries}")
    return outcome.entries / outcome.seconds, max(peaks) / 2**20


def serving(small: Book, big: Book) -> Iterator[Measured]:
    """Start, memory, look-ups, search: of each service in turn, with nothing else running."""
    found = [_served(book) for book in (small, big)]
    for what, unit in found[0]:
        yield Measured(what, unit, *(one.get((what, unit), 0.0) for one in found))


def _served(book: Book) -> Mapping[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    chance, count = random.Random(1), enterprises_in(book)
    with RunningService(book.folder) as service:
        seconds = []
        for _ in range(_STARTS):
            service.kill()
            began = time.perf_counter()
            service.start()
            seconds.append(time.perf_counter() - began)
        found["start after `kill -9` until ready", "s"] = median(seconds)
        subjects = [name_of(chance.randrange(count)) for _ in range(_LOOK_UPS)]
        asked = [get(f"/v1/enterprises/local~bench~{name}/standing") for name in subjects]
        _put(found, "look-up of a standing, one connection", _loaded(service, asked))
        names = [(called(number), f"91{number:016d}") for number in chance.sample(range(count), min(count, 1_000))]
        typed = [one for one in typed_queries(names, 2 * _SEARCHES, chance) if one.strip()][:_SEARCHES]
        searches = [get(f"/v1/enterprises?q={quote(one)}") for one in typed if len(one) > 1]
        _put(found, "search, one connection", _loaded(service, searches))
        for name, bytes_held in _memory(service).items():
            found[f"memory: {name}", "MiB"] = bytes_held / 2**20
    return found


def _loaded(service: RunningService, asked: list[bytes]) -> Load:
    done = load(service.port, asked, 1)
    check(set(done.statuses) == {200}, f"statuses {done.statuses}")
    return done


def _put(found: dict[tuple[str, str], float], what: str, done: Load) -> None:
    found[f"{what}, median", "ms"] = done.median_ms
    found[f"{what}, p99", "ms"] = done.p99_ms


def _memory(service: RunningService) -> Mapping[str, int]:
    """Proportional set sizes: what processes share is divided among them."""
    parent = psutil.Process(service.pid)
    held = {"the service": parent.memory_full_info().pss}
    for child in parent.children(recursive=True):
        if "python" in child.name() and "spawn_main" in " ".join(child.cmdline()):
            held["projections"] = child.memory_full_info().pss
    folder = service.data_dir / "pg"
    servers = [one for one in psutil.process_iter(["name", "cwd"]) if one.info["name"].startswith("postgres")]
    own = [one for one in servers if one.info["cwd"] == str(folder.resolve())]
    held["PostgreSQL, all processes"] = sum(one.memory_full_info().pss for one in own)
    return held


def appending(small: Book, big: Book) -> Iterator[Measured]:
    """The same commits in turn, durable; last, since read models are behind from then on."""
    seconds: dict[Book, list[float]] = {small: [], big: []}
    with Writer(small) as in_small, Writer(big) as in_big:
        for commit in range(_COMMITS):
            kind = f"n{int(time.time()):x}-{commit}-"
            for book, writer in ((small, in_small), (big, in_big)):
                names = [name_of(number, kind) for number in range(_COMMIT_ENTRIES)]
                said = [candidate(book.material.registered(name)) for name in names]
                seconds[book].append(writer.commit(said))
    costs = [1e6 * median(seconds[book]) / _COMMIT_ENTRIES for book in (small, big)]
    yield Measured(f"append, {_COMMIT_ENTRIES} a commit", "µs an entry", *costs)


_MEASURES: Final[Mapping[str, Callable[[Book, Book], Iterator[Measured]]]] = {
    "growing": growing,
    "rebuild": rebuilding,
    "disk": disk,
    "audit": auditing,
    "serve": serving,
    "append": appending,
}

if __name__ == "__main__":
    sys.exit(main())
