"""15 March: page views and scans at a rate that waits for no answer; the highest at which nearly all are quick."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from statistics import median

from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Writer, check
from tests.benchmarks.comparing import Ratio
from tests.benchmarks.load import get, load
from tests.benchmarks.material import name_of
from tests.benchmarks.open_load import OpenLoad, open_load
from tests.benchmarks.scanning import RANGES_EACH, licensed_ranges, serial_of

__all__ = ["rush"]

CONNECTIONS = 256
CLOSED_CONNECTIONS = 64
CLOSED = 200_000  # requests: it lasts as long as a probe, so that it meets the same machine
RANGES = 4_000
P99_MS_MAX = 100
PROMISED = 2_000  # a second, half page views and half scans
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2)
SECONDS, PROBE_SECONDS, QUICK_SECONDS = 120, 15, 5


def rush(bench: Bench) -> Iterator[Ratio]:
    """A page and a mark in turn. The floor is what the same service gives the same requests when nobody keeps time:
    connections that ask again as soon as they are answered, so that it is never idle and its delays are hidden."""
    ranges = bench.of(RANGES)
    book = bench.book("rush")
    with Writer(book) as writer:
        writer.fill(licensed_ranges(book.material, ranges), "rush")
    rebuild(book.database.service)
    requests = _requests(ranges)
    with book.service() as service:
        _closed(service.port, requests)  # pages are drawn, rows are read: the day has begun
        closed = median(_closed(service.port, [*islice(cycle(requests), bench.of(CLOSED))]) for _ in range(3))
        found = _highest(service.port, requests, closed, quick=bench.quick)
    yield Ratio(
        title=f"a page and a mark in turn, at the highest rate whose p99 is below {P99_MS_MAX} ms",
        floor_title=f"the same requests over {CLOSED_CONNECTIONS} connections that never pause",
        unit="per s",
        ours=found.per_second,
        floor=closed,
        rounds=(found.per_second / closed,),
        bound="at least",
        target=0.7,
        note=f"p99 {found.p99_ms:.0f} ms, median {found.median_ms:.1f} ms over {found.seconds:.0f} s; "
        f"{PROMISED:,} a second are wished for on two cores, which the generator shares",
    )


def _requests(ranges: int) -> Sequence[bytes]:
    found: list[bytes] = []
    for number in range(ranges):
        name = name_of(number // RANGES_EACH)
        found.append(get(f"/e/local~bench~{name}", "Accept: text/html\r\n"))
        found.append(get(f"/m/{serial_of(number, 7)}"))
    return found


def _closed(port: int, requests: Sequence[bytes]) -> float:
    done = load(port, requests, CLOSED_CONNECTIONS)
    check(done.statuses == {200: len(requests)}, f"statuses {done.statuses}")
    return done.per_second


def _highest(port: int, requests: Sequence[bytes], closed: float, *, quick: bool) -> OpenLoad:
    """From above: a short run tells whether a long one is worth it. None that holds counts as 0 a second."""
    for share in SHARES:
        for seconds in (QUICK_SECONDS,) if quick else (PROBE_SECONDS, SECONDS):
            done = open_load(port, requests, closed * share, seconds, CONNECTIONS)
            check(set(done.statuses) == {200}, f"statuses {done.statuses}")
            sys.stderr.write(f"  {done.per_second:,.0f} per s for {seconds} s: p99 {done.p99_ms:,.0f} ms\n")
            if done.unanswered or done.p99_ms >= P99_MS_MAX:
                break
        else:
            return done
    return replace(done, per_second=0)
