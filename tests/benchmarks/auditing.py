"""The audit of a whole database, against a process that verifies the same statements' signatures, times cores."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]

from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.audit.sources.database_source import DatabaseSource
from ledger.cose.statement import parse_statement, verify_statement
from ledger.keys.algorithms import decode_key
from ledger.parallel.process_pool import ProcessEngine
from ledger.store.copy_reader import copy_entries
from ledger.store.postgres import PostgresStore
from ledger.verifier.trust import Trust
from ledger.verifier.trust_file import TrustedKey, TrustFile, parse_trust
from projections.completeness.map_check import check_map
from projections.engine.audit_check import check_read_models, rows_of_streams
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Book, check
from tests.benchmarks.comparing import Ratio, compare
from tests.support.charter import MEMBERS, ORIGIN, ROOT

__all__ = ["auditing", "peak_memory", "trust_of_book"]

_VERIFIED_MAX = 5_000  # by the floor, in one round


def auditing(bench: Bench) -> Iterator[Ratio]:
    """Every signature, rule, body, fact and row; nothing may be found, and every signature must have been counted."""
    book, cores = bench.mixed(), os.cpu_count() or 1
    size, trust = book.size(), trust_of_book(book)
    rebuild(book.database.service, cores)
    keys = {one.signer.kid: decode_key(one.signer.public.cose_key) for one in (*MEMBERS, ROOT)}
    statements = [row.statement for rows in copy_entries(book.database.service, 0, _VERIFIED_MAX) for row in rows]
    peaks: list[int] = []
    counted: list[int] = []

    def floor(_: int) -> float:
        began = time.perf_counter()
        for data in statements:
            statement = parse_statement(data)
            verify_statement(statement, keys[statement.kid])
        return cores * len(statements) / (time.perf_counter() - began)

    def ours(_: int) -> float:
        source, snapshot = DatabaseSource.begin(book.database.service)
        try:
            with peak_memory(peaks), ProcessEngine(cores) as engine:
                outcome = run_audit(
                    source,
                    trust,
                    workers=AuditWorkers(engine, snapshot),
                    checks=FurtherChecks([rows_of_streams], [check_read_models, check_map]),
                )
        finally:
            source.close()
        check(outcome.clean, f"found in a book in order: {outcome.counts}")
        check(outcome.entries == size, f"audited {outcome.entries} of {size}")
        counted.append(outcome.signatures)
        return outcome.signatures / outcome.seconds

    yield compare(
        f"audit of {size:,} entries, all tables, {cores} processes",
        f"parse and verify statements in one process, times {cores}",
        "signatures/s",
        floor=floor,
        ours=ours,
        rounds=bench.rounds(3),
        bound="at least",
        target=0.85,
        note=lambda: f"{counted[-1]:,} signatures; peak of one process {max(peaks) / 2**20:.0f} MiB resident",
    )


def trust_of_book(book: Book) -> Trust:
    """What its trust file says."""
    keys = book.keys
    with PostgresStore.open(book.database.service) as store:
        first = store.checkpoint_covering(0)
    assert first is not None
    file = TrustFile(
        origin=ORIGIN,
        checkpoint_vkeys=(keys.checkpoint.key.format(),),
        receipt_keys=(TrustedKey.of(keys.receipt.public, keys.receipt.alg),),
        standing_keys=(TrustedKey.of(keys.standing.public, keys.standing.alg),),
        charter=first.root.hex(),
    )
    return parse_trust(file.format())


@contextmanager
def peak_memory(peaks: list[int]) -> Iterator[None]:
    """The most memory that this process or one of its workers has held."""
    done = threading.Event()

    def watch() -> None:
        own = psutil.Process()
        while not done.wait(0.2):
            for process in (own, *own.children(recursive=True)):
                try:
                    if process is own or "python" in process.name():
                        peaks.append(process.memory_info().rss)
                except psutil.Error:
                    continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
