"""`GET /e/{id}` beside the standing that it shows: an enterprise's page as HTML, kept, drawn ahead, and drawn now."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from api.pages.page_drawer import PageBook, PageDrawer
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load
from tests.benchmarks.material import EVENTS_EACH, name_of
from tests.support.running import RunningService

__all__ = ["pages"]

CONNECTIONS = 64
HOT_ENTERPRISES = 100
ASKED_HOT = 6_000
ASKED_COLD = 1_200  # of each round, every enterprise once
ASKED_AT_REQUEST = 300


def pages(bench: Bench) -> Iterator[Ratio]:
    """The same enterprises by both addresses, in three states: kept by the process that is asked; drawn ahead, but
    never seen by that process, as after a start, at another service over the book, or a moment after an entry; and
    drawn at the request. Each round of the latter two has enterprises that nobody asked for."""
    rounds = bench.rounds()
    cold, at_request = bench.of(ASKED_COLD), bench.of(ASKED_AT_REQUEST)
    enterprises = HOT_ENTERPRISES + (rounds + 1) * cold
    book = bench.book("pages")
    with Writer(book) as writer:
        writer.fill((one for number in range(enterprises) for one in book.material.history(name_of(number))), "pages")
    rebuild(book.database.service)
    hot = [name_of(number % HOT_ENTERPRISES) for number in range(bench.of(ASKED_HOT))]

    def others(number: int, each: int) -> Sequence[str]:
        first = HOT_ENTERPRISES + number * cold
        return [name_of(one) for one in range(first, first + each)]

    floor_title = "`GET …/standing` of the same enterprises, as JSON"
    with book.service("--no-pages-ahead") as service:
        yield compare(
            "`GET /e/…`, drawn at the request",
            floor_title,
            "per s",
            floor=lambda number: _standings(service, others(number, at_request)),
            ours=lambda number: _pages(service, others(number, at_request)),
            rounds=rounds,
            bound="at least",
            target=0.03,
        )
    each_ms = _draw_all(book, enterprises)
    with book.service() as service:
        yield compare(
            f"`GET /e/…`, the same {HOT_ENTERPRISES} enterprises, {CONNECTIONS} connections",
            floor_title,
            "per s",
            floor=lambda _: _standings(service, hot),
            ours=lambda _: _pages(service, hot),
            rounds=rounds,
            bound="at least",
            target=0.8,
        )
        yield compare(
            "`GET /e/…`, distinct enterprises, each asked for once, drawn ahead",
            floor_title,
            "per s",
            floor=lambda number: _standings(service, others(number, cold)),
            ours=lambda number: _pages(service, others(number, cold)),
            rounds=rounds,
            bound="at least",
            target=0.4,
            note=lambda: (
                f"drawing ahead takes {each_ms:.1f} ms for an enterprise of {EVENTS_EACH} entries, in both languages, "
                "the database's work with it"
            ),
        )


def _standings(service: RunningService, names: Sequence[str]) -> float:
    done = load(service.port, [get(f"/v1/enterprises/local~bench~{name}/standing") for name in names], CONNECTIONS)
    check(done.statuses == {200: len(names)}, f"statuses of standings {done.statuses}")
    return done.per_second


def _pages(service: RunningService, names: Sequence[str]) -> float:
    asked = [get(f"/e/local~bench~{name}", "Accept: text/html\r\n") for name in names]
    done = load(service.port, asked, CONNECTIONS)
    check(done.statuses == {200: len(names)}, f"statuses of pages {done.statuses}")
    for place, (_, content) in done.kept.items():
        check(f"local~bench~{names[place]}".encode() in content, f"the page of {names[place]}")
    return done.per_second


def _draw_all(book: Book, enterprises: int) -> float:
    """What the service's own process does, without its rests; the milliseconds for each enterprise."""
    with closing(PageBook.open(book.database.service, demo=False)) as source:
        drawer, began = PageDrawer(source), time.perf_counter()
        while drawer.step():
            sys.stderr.write(f"\rpages drawn ahead: {drawer.drawn:,} ")
        seconds = time.perf_counter() - began
        sys.stderr.write(f"in {seconds:.0f} s\n")
    check(drawer.drawn == 2 * enterprises, f"{drawer.drawn} pages of {enterprises} enterprises")
    return 1_000 * seconds / enterprises
