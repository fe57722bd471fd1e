"""Whether what is answered below the framework earns its keep (`api/routes/direct_routes.py`): against the ASGI way.

Both in one service and one run: a request that names a proxy's protocol goes the general way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import httpx
import psutil  # type: ignore[import-untyped]

from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load, post
from tests.benchmarks.material import name_of
from tests.support.projected import await_projected

__all__ = ["ways"]

CONNECTIONS = 128
GENERAL = b"X-Forwarded-Proto: http\r\n"
KEPT_UP_TO = 0.85  # of the general way's processor time, at most: else a way of its own goes
HOT_ENTERPRISES = 100


def ways(bench: Bench) -> Iterator[Ratio]:
    """Processor time of the service's own process, by request."""
    count, rounds = bench.of(8_000), bench.rounds(5)
    book = bench.book("ways")
    with book.service() as service:
        process = psutil.Process(service.pid)

        def cost(requests: Sequence[bytes], status: int, *, general: bool) -> float:
            if general:
                requests = [one.replace(b"\r\n", b"\r\n" + GENERAL, 1) for one in requests]
            before = process.cpu_times()
            done = load(service.port, requests, CONNECTIONS)
            after = process.cpu_times()
            check(done.statuses == {status: len(requests)}, f"statuses {done.statuses}")
            return 1e6 * float(after.user + after.system - before.user - before.system) / len(requests)

        def posted(kind: str, number: int) -> float:
            names = (name_of(one, f"{kind}{number}-") for one in range(count))
            requests = [post("/entries", book.material.registered(name)[0]) for name in names]
            return cost(requests, 201, general=kind == "g")

        def compared(what: str, floor: Callable[[int], float], ours: Callable[[int], float]) -> Ratio:
            return compare(
                f"{what} below the framework, {CONNECTIONS} connections",
                "the same service, by the general way",
                "µs of processor a request",
                floor=floor,
                ours=ours,
                rounds=rounds,
                bound="at most",
                target=KEPT_UP_TO,
            )

        yield compared("`POST /entries`", lambda number: posted("g", number), lambda number: posted("w", number))

        paths = [f"/v1/enterprises/local~bench~{name_of(one, 'g0-')}/standing" for one in range(HOT_ENTERPRISES)]
        await_projected(service.url)
        with httpx.Client(base_url=service.url) as client:
            tags = {path: client.get(path).headers["etag"] for path in paths}
        hot = [get(path) for path in paths] * (count // HOT_ENTERPRISES)
        known = [get(path, f"If-None-Match: {tags[path]}\r\n") for path in paths] * (count // HOT_ENTERPRISES)
        for what, requests, status in (("`GET …/standing`", hot, 200), ("the same, answered 304,", known, 304)):
            yield compared(
                what,
                lambda _, requests=requests, status=status: cost(requests, status, general=True),  # type: ignore[misc]
                lambda _, requests=requests, status=status: cost(requests, status, general=False),  # type: ignore[misc]
            )
