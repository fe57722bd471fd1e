"""Whether `api/routes/entries_protocol.py` earns its keep: statements answered where their bytes come in, against ASGI.

Both in one service and one run: a request that names a proxy's protocol goes the general way.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import load, post
from tests.benchmarks.material import name_of

__all__ = ["ways"]

CONNECTIONS = 128
GENERAL = b"X-Forwarded-Proto: http\r\n"
KEPT_UP_TO = 0.85  # of the general way's processor time, at most: else the file goes


def ways(bench: Bench) -> Iterator[Ratio]:
    """Processor time of the service's own process, by request."""
    count, rounds = bench.of(8_000), bench.rounds(5)
    book = bench.book("ways")
    with book.service() as service:
        process = psutil.Process(service.pid)

        def cost(kind: str, number: int) -> float:
            names = (name_of(one, f"{kind}{number}-") for one in range(count))
            requests = [post("/entries", book.material.registered(name)[0]) for name in names]
            if kind == "g":
                requests = [one.replace(b"\r\n", b"\r\n" + GENERAL, 1) for one in requests]
            before = process.cpu_times()
            done = load(service.port, requests, CONNECTIONS)
            after = process.cpu_times()
            check(done.statuses == {201: count}, f"statuses {done.statuses}")
            return 1e6 * (after.user + after.system - before.user - before.system) / count

        yield compare(
            f"`POST /entries` below the framework, {CONNECTIONS} connections",
            "the same service, by the general way",
            "µs of processor a request",
            floor=lambda number: cost("g", number),
            ours=lambda number: cost("w", number),
            rounds=rounds,
            bound="at most",
            target=KEPT_UP_TO,
        )
