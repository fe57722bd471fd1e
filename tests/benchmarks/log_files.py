"""Full tiles and entry bundles out of memory, beside as many bytes that the same server software has there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import httpx

from ledger.tlog.tiles import bundle_path, tile_path
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load

__all__ = ["files"]

CONNECTIONS = 64
BUNDLES_MAX = 60  # which memory holds all together


def files(bench: Bench) -> Iterator[Ratio]:
    """Each file was asked for before: what is measured is the way of the bytes."""
    book = bench.mixed()
    rebuild(book.database.service)  # else the service would not be ready before it has caught up
    full = book.size() // 256
    tiles = [tile_path(0, number) for number in range(full)]
    bundles = [bundle_path(number) for number in range(min(full, BUNDLES_MAX))]
    with book.service() as service, httpx.Client(base_url=service.url) as client:
        lengths = {path: len(client.get(f"/{path}").content) for path in (*tiles, *bundles)}
        typical = sorted(lengths[path] for path in bundles)[len(bundles) // 2]

        def served(paths: Sequence[str], count: int) -> float:
            asked = list(islice(cycle(paths), count))
            done = load(service.port, [get(f"/{path}") for path in asked], CONNECTIONS)
            check(done.statuses == {200: count}, f"statuses {done.statuses}")
            check(all(len(content) == lengths[asked[at]] for at, (_, content) in done.kept.items()), "lengths")
            return done.per_second

        def floor(length: int, count: int) -> float:
            done = load(bench.floor(), [get(f"/static/{length}")] * count, CONNECTIONS)
            check(done.statuses == {200: count}, f"statuses of the floor {done.statuses}")
            return done.per_second

        for what, paths, length, count, target in (
            ("full tiles", tiles, 8_192, bench.of(40_000), 0.7),
            ("entry bundles", bundles, typical, bench.of(6_000), 0.5),
        ):
            yield compare(
                f"`GET /tile/…`, {what} out of memory, {CONNECTIONS} connections",
                f"bare ASGI endpoint that returns {length:,} bytes from memory",
                "per s",
                floor=lambda _, length=length, count=count: floor(length, count),  # type: ignore[misc]
                ours=lambda _, paths=paths, count=count: served(paths, count),  # type: ignore[misc]
                rounds=bench.rounds(5),
                bound="at least",
                target=target,
            )
