"""A book of a million entries that stays: grown once, by any number of runs, and measured as often as one likes.

Every entry is a statement that its issuer signed, registered by the sequencer under all rules. Processes sign ahead
of it, in the order of the enterprises: so what the book holds says where to go on, wherever the last run ended.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from api.service.service import unix_now
from ledger.keys.log_keys import LogKeys
from ledger.parallel.process_pool import ProcessEngine
from ledger.sequencing.sequencer import Sequencer
from ledger.store.embedded import DATABASE, EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.benchmarks.books import Book, Writer, on_disk
from tests.benchmarks.material import EVENTS_EACH, Material, Signed, name_of
from tests.benchmarks.searching import enterprise_name
from tests.support.charter import ORIGIN
from tests.support.database import TestDatabase

__all__ = ["called", "enterprises_in", "opened", "signed_histories"]

_CHUNK: Final = 200  # enterprises
_SIGNERS: Final = 2  # processes
_SAY_SECONDS: Final = 5.0


class Chunk(NamedTuple):
    """The histories of enterprises from `first` on, without `skip` statements at the beginning, signed at `now`."""

    first: int
    count: int
    skip: int
    now: int


def called(number: int) -> str:
    """The name of an enterprise, by its number."""
    return enterprise_name(random.Random(number))


def signed_histories(_: None, chunk: Chunk) -> list[Signed]:
    """In another process: what the chunk says."""
    material = Material(chunk.now)
    numbers = range(chunk.first, chunk.first + chunk.count)
    said = [one for number in numbers for one in material.history(name_of(number), called(number), number + 1)]
    return said[chunk.skip :]


@contextmanager
def opened(folder: Path, entries: int) -> Iterator[Book]:
    """The book in `folder`, with so many entries at least: made, or grown, if need be. Its PostgreSQL runs so long."""
    folder.mkdir(parents=True, exist_ok=True)
    on_disk(folder)
    with EmbeddedPostgres(folder) as embedded:
        database = TestDatabase(
            embedded.service_conninfo, embedded.admin_conninfo, embedded.superuser_conninfo(DATABASE)
        )
        if not (folder / "keys").exists():
            LogKeys.make(folder / "keys", ORIGIN)
        book = Book(database, Material(unix_now()), folder)
        _found(book)
        _grow(book, -(-entries // EVENTS_EACH))
        yield book


def enterprises_in(book: Book) -> int:
    """How many of them have their whole history."""
    return _said(book) // EVENTS_EACH


def _found(book: Book) -> None:
    with PostgresStore.open(book.database.service) as store:
        sequencer = Sequencer(store, book.keys, unix_now)
        sequencer.open()
        if store.latest() is None:
            sequencer.bootstrap(book.material.charter(book.keys))
    if not _count(book, "campaign:bench"):
        with Writer(book) as writer:
            writer.fill([book.material.campaign()])


def _grow(book: Book, enterprises: int) -> None:
    """Journal: a line for each run, with the first enterprise and the second at which its statements are signed."""
    said, journal = _said(book), book.folder / "journal"
    first, skip = divmod(said, EVENTS_EACH)
    if first >= enterprises:
        return
    chunks = []
    if skip:  # the last run ended within its history: what is left of it was signed then, too
        now = max(line for line in map(_line, journal.read_text().splitlines()) if line[0] <= first)[1]
        chunks.append(Chunk(first, 1, skip, now))
        first += 1
    with journal.open("a") as file:
        file.write(f"{first} {book.material.now}\n")
    chunks += [
        Chunk(number, min(_CHUNK, enterprises - number), 0, book.material.now)
        for number in range(first, enterprises, _CHUNK)
    ]
    before, began = book.size(), time.monotonic()
    with Writer(book) as writer, ProcessEngine(_SIGNERS) as signers:
        signed = signers.run(signed_histories, None, chunks)
        writer.fill(_told((one for some in signed for one in some), enterprises * EVENTS_EACH - said))
    seconds = time.monotonic() - began
    with (book.folder / "grown").open("a") as file:
        file.write(f"{book.size() - before} {seconds:.1f}\n")


def _told(statements: Iterator[Signed], total: int) -> Iterator[Signed]:
    began = told = 0.0
    for count, one in enumerate(statements):
        now = time.monotonic()
        if not count:
            began = told = now  # the signers are there
        if now - told > _SAY_SECONDS:
            told = now
            sys.stderr.write(f"  {count:,} of {total:,} entries, {count / (now - began):,.0f} a second\n")
        yield one


def _line(text: str) -> tuple[int, int]:
    first, now = map(int, text.split())
    return first, now


def _said(book: Book) -> int:
    """Entries of enterprises that were grown: those that measurements add have other names."""
    return _count(book, "local:bench/e", "local:bench/f")


def _count(book: Book, first: str, last: str = "") -> int:
    with psycopg.connect(book.database.service) as connection:
        row = connection.execute(
            "SELECT count(*) FROM ledger.entries WHERE originator_id >= %s AND originator_id < %s",
            (first, last or first + "\x7f"),
        ).fetchone()
    assert row is not None  # a count
    return int(row[0])
