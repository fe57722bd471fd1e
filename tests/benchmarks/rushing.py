"""15 March: page views and scans at a rate that waits for no answer; the highest at which nearly all are quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from statistics import median

import psutil  # type: ignore[import-untyped]

from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Writer, check
from tests.benchmarks.comparing import Ratio
from tests.benchmarks.load import get, load
from tests.benchmarks.material import name_of
from tests.benchmarks.open_load import OpenLoad, open_load
from tests.benchmarks.scanning import RANGES_EACH, licensed_ranges, serial_of

__all__ = ["rush"]

_Ask = Callable[[float, float], tuple[OpenLoad, str]]  # so many a second, for so many seconds

CONNECTIONS = 256
CLOSED_CONNECTIONS = 64
CLOSED = 60_000  # requests
RANGES = 4_000
P99_MS_MAX = 100
PROMISED = 2_000  # a second, half page views and half scans
SECONDS, QUICK_SECONDS = 120, 10  # for which the promised rate is held
PROBES, PROBE_SECONDS, QUICK_PROBE_SECONDS = 5, 8, 3
LOWEST = 0.3  # of the rate of the closed loop: where the search for the highest begins
CONFIRMED_SECONDS, STEP_BACK = 30, 0.93


def rush(bench: Bench) -> Iterator[Ratio]:
    """A page and a mark in turn: the promised rate for two minutes, then the highest rate that is answered in time,
    which is looked for in two more. The floor of that is what the same service gives the same requests when nobody
    keeps time: connections that ask again as soon as they are answered, so that it is never idle and its delays are
    hidden."""
    ranges = bench.of(RANGES)
    book = bench.book("rush")
    with Writer(book) as writer:
        writer.fill(licensed_ranges(book.material, ranges), "rush")
    rebuild(book.database.service)
    requests = _requests(ranges)
    with book.service() as service:
        process = psutil.Process(service.pid)
        _closed(service.port, requests)  # pages are drawn, rows are read: the day has begun

        def ask(per_second: float, seconds: float) -> tuple[OpenLoad, str]:
            return _asked(service.port, process, requests, per_second, seconds)

        promised, shares = ask(PROMISED, QUICK_SECONDS if bench.quick else SECONDS)
        yield Ratio(
            title=f"p99 of {PROMISED // 2:,} page views and as many scans a second, {promised.seconds:.0f} s long",
            floor_title="what is promised",
            unit="ms",
            ours=promised.p99_ms,
            floor=P99_MS_MAX,
            rounds=(promised.p99_ms / P99_MS_MAX,),
            bound="at most",
            target=1,
            note=f"median {promised.median_ms:.1f} ms; {shares}",
        )
        asked = [*islice(cycle(requests), bench.of(CLOSED))]
        closed = median(_closed(service.port, asked) for _ in range(3))
        found, shares = _highest(ask, closed, QUICK_PROBE_SECONDS if bench.quick else PROBE_SECONDS)
    yield Ratio(
        title=f"a page and a mark in turn, at the highest rate whose p99 is below {P99_MS_MAX} ms",
        floor_title=f"the same requests over {CLOSED_CONNECTIONS} connections that never pause",
        unit="per s",
        ours=found.per_second,
        floor=closed,
        rounds=(found.per_second / closed,),
        bound="at least",
        target=0.7,
        note=f"p99 {found.p99_ms:.0f} ms, median {found.median_ms:.1f} ms over {found.seconds:.0f} s; {shares}",
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


def _asked(
    port: int, process: psutil.Process, requests: Sequence[bytes], per_second: float, seconds: float
) -> tuple[OpenLoad, str]:
    """One run, and who of the machine's processors took how much of one meanwhile."""
    before = process.cpu_times()
    done = open_load(port, requests, per_second, seconds, CONNECTIONS)
    after = process.cpu_times()
    check(set(done.statuses) == {200}, f"statuses {done.statuses}")
    service = (after.user + after.system - before.user - before.system) / seconds
    shares = f"of {psutil.cpu_count()} processors the generator took {done.generator_share:.2f}, the service "
    shares += f"{service:.2f}"
    sys.stderr.write(f"  {done.per_second:,.0f} per s for {seconds} s: p99 {done.p99_ms:,.0f} ms; {shares}\n")
    return done, shares


def _holds(done: OpenLoad) -> bool:
    return not done.unanswered and done.p99_ms < P99_MS_MAX


def _highest(ask: _Ask, closed: float, seconds: float) -> tuple[OpenLoad, str]:
    """By halves between the lowest share and all of what the closed loop reached; then long enough to be believed, a
    step lower where it does not hold. None that holds counts as 0 a second."""
    holding, too_many = closed * LOWEST, closed
    for _ in range(PROBES):
        rate = (holding + too_many) / 2
        if _holds(ask(rate, seconds)[0]):
            holding = rate
        else:
            too_many = rate
    for rate in (holding, holding * STEP_BACK):
        done, shares = ask(rate, seconds * CONFIRMED_SECONDS / PROBE_SECONDS)
        if _holds(done):
            return done, shares
    return replace(done, per_second=0), shares
