"""`POST /entries` while pages are drawn ahead beside it, against a service that draws none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import load, post
from tests.benchmarks.material import name_of
from tests.support.running import RunningService
from tests.support.waiting import eventually

__all__ = ["drawing"]

CONNECTIONS = 128
PLEDGES = 12_000
TRICKLED, TRICKLE_PER_SECOND = 100, 10
_NICENESS = 19  # of the drawing process, by which it is known


def drawing(bench: Bench) -> Iterator[Ratio]:
    """Pledges of enterprises whose pages are not all drawn yet, so that there is always something to draw."""
    count, rounds = bench.of(PLEDGES), bench.rounds(5)
    books = {option: _book(bench, option, count * (rounds + 1)) for option in ("--pages-ahead", "--no-pages-ahead")}
    said: list[str] = []

    def appended(option: str, number: int) -> float:
        book, pledges = books[option]
        before = 0 if number == 0 else _drawn(book)
        with book.service(option) as service:
            if option == "--pages-ahead":
                eventually(lambda: _drawn(book) > before, "pages are being drawn ahead")
            statements = pledges[number * count : (number + 1) * count]
            done = load(service.port, [post("/entries", one) for one in statements], CONNECTIONS)
            check(done.statuses == {201: count}, f"statuses {done.statuses}")
            if option == "--pages-ahead" and number == rounds:
                said.append(_cost(book, service))
            return done.per_second

    yield compare(
        f"`POST /entries`, {CONNECTIONS} connections, pages drawn ahead",
        "the same with `--no-pages-ahead`",
        "per s",
        floor=lambda number: appended("--no-pages-ahead", number),
        ours=lambda number: appended("--pages-ahead", number),
        rounds=rounds,
        bound="at least",
        target=0.95,
        note=lambda: said[-1],
    )


def _cost(book: Book, service: RunningService) -> str:
    """Of entries that come one at a time, each about another enterprise."""
    names = [name_of(number, "trickle") for number in range(TRICKLED)]
    process = _drawer(service)
    before = _seconds(process)
    with httpx.Client(base_url=service.url) as client:
        for name in names:
            statement, _ = book.material.registered(name)
            answer = client.post("/entries", content=statement, headers={"Content-Type": "application/cose"})
            check(answer.status_code == 201, answer.text)
            time.sleep(1 / TRICKLE_PER_SECOND)
    began = time.perf_counter()
    subjects = [f"local:bench/{name}" for name in names]
    eventually(lambda: _drawn(book, subjects) == 2 * TRICKLED, "the pages of all that came are drawn ahead")
    late, each_ms = time.perf_counter() - began, 1_000 * (_seconds(process) - before) / TRICKLED
    return (
        f"of {TRICKLED} enterprises that entered one at a time all pages were drawn {late:.1f} s after the last; the "
        f"drawing process took {each_ms:.0f} ms of processor time for each, with what it drew of others meanwhile"
    )


def _drawer(service: RunningService) -> psutil.Process:
    (found,) = [one for one in psutil.Process(service.pid).children() if one.nice() == _NICENESS]
    return found


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _drawn(book: Book, subjects: Sequence[str] | None = None) -> int:
    query = "SELECT count(*) FROM projections.drawn_pages WHERE %(all)s OR subject = ANY (%(subjects)s)"
    with psycopg.connect(book.database.service) as connection:
        row = connection.execute(query, {"all": subjects is None, "subjects": list(subjects or ())}).fetchone()
    return int(row[0]) if row else 0


def _book(bench: Bench, name: str, count: int) -> tuple[Book, list[bytes]]:
    book = bench.book(f"drawing{name}")
    names = [name_of(number) for number in range(count)]
    with Writer(book) as writer:
        writer.fill((book.material.registered(one) for one in names), name)
    return book, [book.material.pledged(one)[0] for one in names]
