"""`POST /entries` and `POST /entries/batch`: signatures verified, entries durable, receipts returned."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import cbor2

from ledger.cose.statement import parse_statement, verify_statement
from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import load, post
from tests.benchmarks.material import name_of
from tests.support.charter import ORGANIZER

__all__ = ["batches", "entries", "library"]

CONNECTIONS = 128
BATCH_CONNECTIONS = 4
BATCH_STATEMENTS = 250
LIBRARY_THREADS = 8


def entries(bench: Bench) -> Iterator[Ratio]:
    """Pledges of enterprises that are in the book, one a request."""
    count, rounds = bench.of(15_000), bench.rounds()
    book, pledges = _book_with_pledges(bench, "entries", count * (rounds + 1))
    before = book.size()
    latencies: list[tuple[float, float]] = []
    with book.service() as service:

        def ours(number: int) -> float:
            statements = pledges[number * count : (number + 1) * count]
            done = load(service.port, [post("/entries", one) for one in statements], CONNECTIONS)
            check(done.statuses == {201: count}, f"statuses {done.statuses}")
            for place, (_, receipt) in done.kept.items():
                book.receipt_holds(receipt, statements[place])
            latencies.append((done.median_ms, done.p99_ms))
            return done.per_second

        def floor(number: int) -> float:
            statements = pledges[number * count : (number + 1) * count]
            done = load(bench.floor(), [post("/entries", one) for one in statements], CONNECTIONS)
            check(done.statuses == {201: count}, f"statuses of the floor {done.statuses}")
            return done.per_second

        yield compare(
            f"`POST /entries`, {CONNECTIONS} connections",
            "bare ASGI endpoint that parses and verifies the same statements",
            "per s",
            floor=floor,
            ours=ours,
            rounds=rounds,
            bound="at least",
            target=0.6,
            note=lambda: "latency {:.0f} ms median, {:.0f} ms p99".format(*sorted(latencies)[len(latencies) // 2]),
        )
    check(book.size() - before == count * (rounds + 1), "entries are missing")


def library(bench: Bench) -> Iterator[Ratio]:
    """The same requests against the library's own way to write."""
    count, saves, rounds = bench.of(15_000), bench.of(5_000), bench.rounds(5)
    book, pledges = _book_with_pledges(bench, "library", count * (rounds + 1))
    with book.service() as service:

        def ours(number: int) -> float:
            statements = pledges[number * count : (number + 1) * count]
            done = load(service.port, [post("/entries", one) for one in statements], CONNECTIONS)
            check(done.statuses == {201: count}, f"statuses {done.statuses}")
            return done.per_second

        def floor(_: int) -> float:
            module = "tests.benchmarks.library"
            command = [sys.executable, "-m", module, bench.scratch().admin, str(saves), str(LIBRARY_THREADS)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            return saves / float(done.stdout)

        yield compare(
            f"`POST /entries`, {CONNECTIONS} connections",
            f"`eventsourcing` `Application.save()`, {LIBRARY_THREADS} threads, no HTTP, nothing verified",
            "per s",
            floor=floor,
            ours=ours,
            rounds=rounds,
            bound="at least",
            target=3.0,
        )


def batches(bench: Bench) -> Iterator[Ratio]:
    """The same statements, many a request, against parsing and verifying them in one process without any server."""
    count, rounds = bench.of(20_000), bench.rounds()
    book, pledges = _book_with_pledges(bench, "batches", count * (rounds + 1))
    before = book.size()
    key = ORGANIZER.signer.public
    with book.service() as service:

        def ours(number: int) -> float:
            statements = pledges[number * count : (number + 1) * count]
            parts = [statements[at : at + BATCH_STATEMENTS] for at in range(0, count, BATCH_STATEMENTS)]
            requests = [post("/entries/batch", _sequence(part), "application/cbor-seq") for part in parts]
            done = load(service.port, requests, BATCH_CONNECTIONS)
            check(done.statuses == {200: len(parts)}, f"statuses {done.statuses}")
            for place, (_, content) in done.kept.items():
                _check_batch(book, parts[place], content)
            return count / done.seconds

        def floor(number: int) -> float:
            statements = pledges[number * count : (number + 1) * count]
            began = time.perf_counter()
            for one in statements:
                verify_statement(parse_statement(one), key)
            return count / (time.perf_counter() - began)

        yield compare(
            f"`POST /entries/batch`, {BATCH_STATEMENTS} statements a request, {BATCH_CONNECTIONS} connections",
            "parse and verify in one process, no server",
            "statements per s",
            floor=floor,
            ours=ours,
            rounds=rounds,
            bound="at least",
            target=0.5,
        )
    check(book.size() - before == count * (rounds + 1), "entries are missing")


def _book_with_pledges(bench: Bench, name: str, count: int) -> tuple[Book, list[bytes]]:
    """A book in which `count` enterprises are registered, and a signed pledge of each."""
    book = bench.book(name)
    names = [name_of(number) for number in range(count)]
    with Writer(book) as writer:
        writer.fill((book.material.registered(one) for one in names), f"{name}: enterprises")
    return book, [book.material.pledged(one)[0] for one in names]


def _sequence(statements: Sequence[bytes]) -> bytes:
    return b"".join(cbor2.dumps(one) for one in statements)


def _check_batch(book: Book, statements: Sequence[bytes], content: bytes) -> None:
    decoder = cbor2.CBORDecoder(io.BytesIO(content))
    results = [decoder.decode() for _ in statements]
    check(all(result["status"] == "registered" for result in results), f"{results[0]}")
    book.receipt_holds(results[0]["receipt"], statements[0])
    book.receipt_holds(results[-1]["receipt"], statements[-1])
