"""`GET /e/{id}` beside the standing that it shows: an enterprise's page as HTML, drawn before and drawn now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load
from tests.benchmarks.material import name_of

__all__ = ["pages"]

CONNECTIONS = 64
HOT_ENTERPRISES = 100
ASKED_HOT = 6_000
ASKED_COLD = 1_200  # of each round, every enterprise once


def pages(bench: Bench) -> Iterator[Ratio]:
    """The same enterprises by both addresses; each round of the uncached ones has enterprises that nobody asked for."""
    book = bench.mixed()
    rebuild(book.database.service)
    rounds = bench.rounds()
    hot = [name_of(number % HOT_ENTERPRISES) for number in range(bench.of(ASKED_HOT))]
    cold = bench.of(ASKED_COLD)
    with book.service() as service:

        def standing(names: Sequence[str]) -> float:
            done = load(
                service.port, [get(f"/v1/enterprises/local~bench~{name}/standing") for name in names], CONNECTIONS
            )
            check(done.statuses == {200: len(names)}, f"statuses of standings {done.statuses}")
            return done.per_second

        def page(names: Sequence[str]) -> float:
            asked = [get(f"/e/local~bench~{name}", "Accept: text/html\r\n") for name in names]
            done = load(service.port, asked, CONNECTIONS)
            check(done.statuses == {200: len(names)}, f"statuses of pages {done.statuses}")
            for place, (_, content) in done.kept.items():
                check(f"local~bench~{names[place]}".encode() in content, f"the page of {names[place]}")
            return done.per_second

        def others(number: int) -> Sequence[str]:
            first = HOT_ENTERPRISES + number * cold
            return [name_of(one) for one in range(first, first + cold)]

        floor_title = "`GET …/standing` of the same enterprises, as JSON"
        yield compare(
            f"`GET /e/…`, the same {HOT_ENTERPRISES} enterprises, {CONNECTIONS} connections",
            floor_title,
            "per s",
            floor=lambda _: standing(hot),
            ours=lambda _: page(hot),
            rounds=rounds,
            bound="at least",
            target=0.8,
        )
        yield compare(
            "`GET /e/…`, distinct enterprises, each asked for once",
            floor_title,
            "per s",
            floor=lambda number: standing(others(number)),
            ours=lambda number: page(others(number)),
            rounds=rounds,
            bound="at least",
            target=0.4,
        )
