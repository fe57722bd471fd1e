"""The dearest requests: processor time for every route at its worst input, by token of its client's allowance.

`python -m tests.benchmarks.dearest` prints a table, dearest first. It fails where a token buys more than
`TOKEN_MS_MAX`, in the service and PostgreSQL together, and where a route of the interface is missing. A client may
spend `REQUESTS_PER_SECOND_MAX` tokens a second: what is dear must cost more of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]
import psycopg

from tests.benchmarks.dear_requests import Request, dear_requests, fill, not_asked
from tests.e2e.book import Book, open_book
from tests.support.database import TestDatabase, postgres_server

__all__ = ["TOKEN_MS_MAX", "Spent", "main", "search"]

TOKEN_MS_MAX: Final = 50.0
REQUESTS_MIN: Final = 5
REQUESTS_MAX: Final = 300
SECONDS_MAX: Final = 2.0


@dataclass(frozen=True)
class Spent:
    """Milliseconds of processor time that one such request takes, the mean of many; the status of the last."""

    request: Request
    service: float
    database: float
    status: int

    @property
    def a_token(self) -> float:
        """Milliseconds for a token."""
        return (self.service + self.database) / self.request.tokens


def search(
    book: Book, database: TestDatabase, requests: list[Request], seconds_max: float = SECONDS_MAX
) -> list[Spent]:
    """What each takes, dearest first by token; each is asked for `seconds_max`."""
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None  # it has one
    postmaster = psutil.Process(int(Path(row[0], "postmaster.pid").read_text().splitlines()[0]))
    service = psutil.Process(book.service.pid)
    spent = [_spent(book, service, postmaster, request, seconds_max) for request in requests]
    return sorted(spent, key=lambda one: -one.a_token)


def _spent(
    book: Book, service: psutil.Process, postmaster: psutil.Process, request: Request, seconds_max: float
) -> Spent:
    before, began, asked, status = (_used([service]), _backends(postmaster)), time.monotonic(), 0, 0
    # The clock of the processor has steps of 10 ms: a mean over less than a second of it would be made of them.
    while asked < REQUESTS_MIN or (asked < REQUESTS_MAX and time.monotonic() - began < seconds_max):
        answer = book.http.request(request.method, request.path, content=request.content, headers=request.headers)
        status = answer.status_code
        asked += 1
    after = _used([service]), _backends(postmaster)
    ours, theirs = (sum(now[pid] - then.get(pid, 0.0) for pid in now) for then, now in zip(before, after, strict=True))
    return Spent(request, ours / asked * 1_000, theirs / asked * 1_000, status)


def _backends(postmaster: psutil.Process) -> dict[int, float]:
    """Of the sessions, not of what PostgreSQL does in the background."""
    used: dict[int, float] = {}
    for one in postmaster.children():
        with suppress(psutil.NoSuchProcess):  # sessions end meanwhile
            if "ledger_service" in " ".join(one.cmdline()):
                used |= _used([one])
    return used


def _used(processes: list[psutil.Process]) -> dict[int, float]:
    """Seconds of processor time of each."""
    return {one.pid: (times := one.cpu_times()).user + times.system for one in processes}


def main() -> int:
    """Fill a book, ask, print. 1 where a token buys too much, or a route is missing."""
    with (
        postgres_server() as server,
        server.database() as database,
        tempfile.TemporaryDirectory() as folder,
        open_book(Path(folder), database=database.service) as book,
    ):
        requests = dear_requests(book, fill(book))
        if missing := not_asked(requests):
            sys.stderr.write(f"no request is an example of {missing}\n")
            return 1
        rows = search(book, database, requests)
    sys.stdout.write("| ms a token | tokens | service, ms | PostgreSQL, ms | status | request |\n")
    sys.stdout.write("|---:|---:|---:|---:|---|---|\n")
    for one in rows:
        sys.stdout.write(
            f"| {one.a_token:.1f} | {one.request.tokens} | {one.service:.1f} | {one.database:.1f} | {one.status} "
            f"| {one.request.name} |\n"
        )
    return 1 if rows[0].a_token > TOKEN_MS_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
