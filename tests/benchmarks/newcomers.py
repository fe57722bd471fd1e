"""Newcomers while statements are written: how long 128 fresh connections wait for their first answer.

Against the same service as it was before it had newcomers in mind (`one_at_a_turn.py`), under the same load.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import uvloop

from tests.benchmarks.books import Bench, Book, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import load, post
from tests.benchmarks.material import name_of
from tests.support.running import RunningService

__all__ = ["newcomers"]

WRITERS = 128
NEWCOMERS = 128
BURST_PAUSE_SECONDS = 0.2
TIMES_SHORTER = 6
_ASK = b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


class _OneAtATurn(RunningService):
    program = (sys.executable, "-m", "tests.benchmarks.one_at_a_turn")


def newcomers(bench: Bench) -> Iterator[Ratio]:
    """p99 over all newcomers of a round."""
    count, rounds = bench.of(8_000), bench.rounds(5)
    old, new = bench.book("newcomers-old"), bench.book("newcomers-new")
    with _service(old, _OneAtATurn) as before, _service(new, RunningService) as ours:

        def waited(book: Book, service: RunningService) -> Callable[[int], float]:
            return lambda number: _p99(book, service, number, count)

        yield compare(
            f"p99 of the first answer over {NEWCOMERS} fresh connections, {WRITERS} connections writing",
            "one connection taken in at each turn of the loop, and all statements admitted that came",
            "ms",
            floor=waited(old, before),
            ours=waited(new, ours),
            rounds=rounds,
            bound="at most",
            target=1 / TIMES_SHORTER,
        )


def _service(book: Book, kind: type[RunningService]) -> RunningService:
    return kind(book.folder, environment={"LEDGER_DATABASE_URL": book.database.service})


def _p99(book: Book, service: RunningService, number: int, count: int) -> float:
    """Milliseconds, of bursts of newcomers for as long as `count` statements are being written."""
    names = (name_of(one, f"w{number}-") for one in range(count))
    requests = [post("/entries", book.material.registered(name)[0]) for name in names]
    before, statuses = book.size(), list[dict[int, int]]()
    writing = threading.Thread(target=lambda: statuses.append(load(service.port, requests, WRITERS).statuses))
    writing.start()
    while book.size() == before and writing.is_alive():
        time.sleep(0.02)
    waited = uvloop.run(_bursts(service.port, writing.is_alive))
    writing.join()
    check(statuses == [{201: count}], f"statuses {statuses}")
    check(len(waited) >= NEWCOMERS, "nobody came while statements were written")
    return 1_000 * sorted(waited)[len(waited) * 99 // 100]


async def _bursts(port: int, going_on: Callable[[], bool]) -> list[float]:
    waited: list[float] = []
    while going_on():
        burst = await asyncio.gather(*(_first_answer(port) for _ in range(NEWCOMERS)))
        if going_on():  # the whole burst waited beside writers
            waited += burst
        await asyncio.sleep(BURST_PAUSE_SECONDS)
    return waited


async def _first_answer(port: int) -> float:
    loop = asyncio.get_running_loop()
    newcomer = _Newcomer(loop.create_future())
    await loop.create_connection(lambda: newcomer, "127.0.0.1", port)
    return await newcomer.seconds


class _Newcomer(asyncio.Protocol):
    """Asks one thing, and lets go when the answer begins."""

    def __init__(self, seconds: asyncio.Future[float]) -> None:
        self.seconds = seconds
        self._began = time.perf_counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._transport.write(_ASK)

    def data_received(self, data: bytes) -> None:
        if not self.seconds.done():
            check(data.startswith(b"HTTP/1.1 200"), f"{data[:40]!r}")
            self.seconds.set_result(time.perf_counter() - self._began)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.seconds.done():
            self.seconds.set_exception(error or ConnectionError("closed without an answer"))
