"""Read models that are far behind the book are derived again by themselves, and it is told how far that is."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ledger.limits import PROJECTION_AFRESH_ENTRIES_MIN
from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.completeness.map_tables import prepare_map
from projections.engine.progress import Watch
from projections.engine.projecting_process import ProjectionProcess, lean
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner, RunnerLimits
from projections.engine.schema import TABLES, prepare
from tests.support.database import TestDatabase
from tests.support.waiting import eventually
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book, a_year

FAR = 20


@pytest.fixture
def book(store: PostgresStore, database: TestDatabase) -> Book:
    prepare(database.service)
    prepare_map(database.service)
    book = Book(store)
    book.charter()
    a_year(book, 20)
    assert FAR < book.size < PROJECTION_AFRESH_ENTRIES_MIN
    return book


@pytest.fixture
def far(database: TestDatabase, store: PostgresStore) -> Iterator[tuple[Runner, list[tuple[int, int]]]]:
    """A runner for which `FAR` entries are far behind, a batch of one entry; and what it told."""
    told: list[tuple[int, int]] = []
    runner = Runner(
        Feed(store, lean),
        database.service,
        RunnerLimits(batch_events_max=1, afresh_min=FAR),
        afresh=lambda done, total: told.append((done, total)),
    )
    yield runner, told
    runner.stop()


def rows(database: TestDatabase) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(database.service) as connection:
        return {
            table: sorted(connection.execute(SQL("SELECT * FROM projections.{}").format(Identifier(table))), key=repr)
            for table in TABLES
        }


def test_read_models_far_behind_come_to_the_end_at_once_and_as_a_rebuild_makes_them(
    database: TestDatabase, book: Book, far: tuple[Runner, list[tuple[int, int]]]
) -> None:
    runner, told = far
    assert runner.step()
    assert not told or told[-1][0] <= book.size
    assert runner.step()
    assert runner.size == book.size, "not entry by entry"
    assert told, "it is told how far it is"
    assert told[-1] == (book.size, book.size)
    made = rows(database)
    rebuild(database.service)
    assert made == rows(database)


def test_what_is_but_little_behind_is_followed_on(
    database: TestDatabase, book: Book, far: tuple[Runner, list[tuple[int, int]]]
) -> None:
    runner, told = far
    rebuild(database.service)
    runner.step()
    for number in range(3):
        book.add("local:test/00001", say.outcome(str(book.today), reply="none", reason=f"{number}"))
    book.commit()
    eventually(lambda: not (runner.step() or runner.behind), "the end of the log")
    assert told == []
    followed = rows(database)
    rebuild(database.service)
    assert followed == rows(database)


def test_the_process_that_projects_does_so_by_itself_and_the_service_sees_how_far_it_is(
    database: TestDatabase, store: PostgresStore, book: Book
) -> None:
    process, watch = ProjectionProcess(database.service, afresh_min=FAR), Watch(Feed(store), database.service)
    watch.start()
    behind = watch.behind()
    assert behind is not None
    assert f"0 of the {book.size} entries" in behind
    process.start()
    try:
        eventually(lambda: watch.behind() is None, "the read models come to the end")
        # It is told by the other process after its commit, which the watch may see first.
        eventually(lambda: process.afresh == (book.size, book.size), "all entries are said to be done")
    finally:
        process.stop()
        watch.stop()
