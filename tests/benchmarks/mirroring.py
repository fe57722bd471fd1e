"""A mirror of a big book, in a folder and in a bucket: every byte as the service has it, and how far behind it is."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from ledger.cose.receipts import receipts_path
from ledger.mirror import open_target
from ledger.mirror.target import MirrorTarget
from ledger.tlog.tiles import bundle_path, tile_path, tile_width
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio
from tests.benchmarks.material import candidate, name_of
from tests.support.mirror_places import BUCKET, object_store
from tests.support.running import COMMAND, RunningService

__all__ = ["addresses", "mirroring"]

FILE_BYTES_MAX = 32 * 1024 * 1024
LAG_SECONDS_MAX = 1.0
PACE_SECONDS = 0.02  # between two commits while a mirror follows: fifty checkpoints a second


def addresses(size: int) -> Iterator[str]:
    """Every file of a log of this size: full and partial tiles, bundles and receipts."""
    level = 0
    while size >> 8 * level:
        for number in range(-(-(size >> 8 * level) // 256)):
            width = tile_width(level, number, size)
            yield tile_path(level, number, width)
            if level == 0:
                yield bundle_path(number, width)
                yield receipts_path(number, width)
        level += 1


def mirroring(bench: Bench) -> Iterator[Ratio]:
    """Into a folder and into a bucket: fill, compare with the service, then follow while the book grows."""
    book = bench.mixed()
    rebuild(book.database.service)  # else the service would not be ready before it has caught up
    with object_store(), book.service() as service:
        for what, address in (("a folder", str(bench.folder / "copy")), ("a bucket", f"s3://{BUCKET}/copy")):
            size = book.size()
            began = time.monotonic()
            subprocess.run([COMMAND, "mirror", service.url, address, "--once"], check=True, capture_output=True)
            seconds = time.monotonic() - began
            compared = _same(service, open_target(address), size)
            lags = _lags(book, service, address, bench.of(300))
            yield Ratio(
                f"an entry is in {what} after its commit, 99 % of {len(lags)} at some {1 / PACE_SECONDS:.0f} a second",
                "one second",
                "s",
                lags[len(lags) * 99 // 100],
                LAG_SECONDS_MAX,
                (lags[len(lags) // 2], lags[-1]),
                "at most",
                1.0,
                f"half of them after {lags[len(lags) // 2]:.3f} s, the last after {lags[-1]:.3f} s; before, "
                f"{size:,} entries were copied at {size / seconds:,.0f}/s, "
                f"and {compared:,} files compared byte for byte with what the service answers",
            )


def _same(service: RunningService, target: MirrorTarget, size: int) -> int:
    """How many files there are; each is the same in the copy and at the service."""
    compared = 0
    with httpx.Client(base_url=service.url, timeout=60) as client:
        for path in addresses(size):
            check(target.get(path, FILE_BYTES_MAX) == client.get(f"/{path}").content, path)
            compared += 1
        shown = target.get("checkpoint", FILE_BYTES_MAX)
        check(shown == client.get("/checkpoint").content, "checkpoint")
    return compared


def _lags(book: Book, service: RunningService, address: str, commits: int) -> list[float]:
    """Seconds from an entry's commit until the copy's checkpoint covers it, in order."""
    target, seen, over = open_target(address), list[tuple[float, int]](), threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            size = _size(target)
            if not seen or size > seen[-1][1]:
                seen.append((time.monotonic(), size))

    watcher = threading.Thread(target=watch)
    with Writer(book) as writer, _following(service.url, address):
        for number in range(2):  # by the second one it listens
            writer.commit([candidate(book.material.registered(name_of(number, f"first{time.monotonic_ns()}-")))])
            while _size(target) < book.size():
                time.sleep(0.05)
        watcher.start()
        committed: list[tuple[float, int]] = []
        size, mark = book.size(), time.monotonic_ns()
        for number in range(commits):
            writer.commit([candidate(book.material.registered(name_of(number, f"lag{mark}-")))])
            committed.append((time.monotonic(), size + number))
            time.sleep(PACE_SECONDS)
        deadline = time.monotonic() + 60
        while not (seen and seen[-1][1] >= size + commits) and time.monotonic() < deadline:
            time.sleep(0.05)
        over.set()
        watcher.join()
    check(seen[-1][1] == size + commits, "the copy is not whole")
    return sorted(next(at for at, shown in seen if shown > index) - told for told, index in committed)


def _size(target: MirrorTarget) -> int:
    note = target.get("checkpoint", FILE_BYTES_MAX)
    return 0 if note is None else int(note.split(b"\n")[1])


@contextmanager
def _following(url: str, address: str) -> Iterator[None]:
    with subprocess.Popen(
        [COMMAND, "mirror", url, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
            check(process.poll() is None, "the mirror has ended")
        finally:
            process.terminate()
