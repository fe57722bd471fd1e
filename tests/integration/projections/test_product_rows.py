"""Marks, listings and reports over a real database: followed and rebuilt alike, one row for a range of any size."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.reads import Reading
from projections.declarations.declaration_view import DeclarationView
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner, RunnerLimits
from projections.engine.schema import prepare
from tests.support.database import TestDatabase
from tests.support.listings import delisted, listed
from tests.support.marks import mark_licensed, misuse_found, range_of, revoked, suspended
from tests.support.reports import invalidated, submitted, verified
from tests.unit.projections.book import Book
from tests.unit.projections.stream import code

ONE = "local:test/one"
START = date(2026, 3, 20)
_TABLES = ("marks", "sections", "standing_segments")


def rows(database: TestDatabase) -> list[list[tuple[object, ...]]]:
    with psycopg.connect(database.service) as connection:
        return [
            sorted(connection.execute(f"SELECT * FROM projections.{table}").fetchall(), key=repr) for table in _TABLES
        ]


def test_what_is_followed_is_what_is_rebuilt(database: TestDatabase, store: PostgresStore) -> None:
    prepare(database.service)
    runner = Runner(Feed(store), database.service, RunnerLimits(batch_events_max=3))
    book = Book(store, str(START))
    book.charter()
    book.register(ONE)
    book.pledge(ONE, 1)
    book.commit()

    def say(event: object, *, sealed: bool = False) -> int:
        entry, _ = book.add(ONE, (event, sealed))  # type: ignore[arg-type]
        book.commit(book.today + timedelta(days=1))
        while runner.step():
            pass
        return entry

    given = {"effective_on": START, "pledge": code(1), "valid_from": START}
    for number in (1, 2, 3):
        say(mark_licensed(number, 1_000, **given))
    say(suspended(START, 1))
    say(revoked(START, 2))
    say(misuse_found(on=START), sealed=True)
    say(misuse_found("third_party", on=START), sealed=True)
    say(delisted(say(listed(effective_on=START, window_from=START)), START))
    report = say(submitted(effective_on=START))
    say(verified(report, START))
    found = say(invalidated(report, on=START), sealed=True)
    say(StatementRepudiated(v=1, effective_on=START, entry=say(mark_licensed(4, **given)), word="错"))
    followed = rows(database)
    assert len(followed[0]) == 4
    rebuild(database.service)
    assert rows(database) == followed
    say(BodyErased(v=1, effective_on=START, entry=found, ground="删除"))
    store.erase_body(found)
    followed = rows(database)
    assert rebuild(database.service) == book.size
    assert rows(database) == followed
    with Database(database.service, connections_max=1) as pool:
        view = DeclarationView(Reading(pool))
        ranges = view.marks([range_of(3), range_of(99), range_of(1)])
        assert set(ranges) == {range_of(1), range_of(3)}
        assert (ranges[range_of(3)].subject, ranges[range_of(3)].serials, ranges[range_of(3)].erased) == (
            ONE,
            1_000,
            False,
        )
    runner.stop()


def test_a_range_is_found_by_its_primary_key(database: TestDatabase) -> None:
    prepare(database.service)
    with psycopg.connect(database.service) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            "EXPLAIN SELECT subject, entry, body FROM projections.marks WHERE range = ANY ('{0000000001}')"
        ).fetchall()
    assert "marks_pkey" in repr(plan)
