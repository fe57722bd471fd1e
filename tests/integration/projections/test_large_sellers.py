"""An enterprise with very many complaints: what taking them in costs grows with their number, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.engine.projecting_process import lean
from projections.engine.rebuild_worker import PartToFill, RebuildRun, begin_filling, fill_part
from projections.engine.runner import Runner
from projections.engine.schema import NEXT, TABLES, create_tables, drop_tables, prepare
from projections.standing.policy_timeline import Rules
from tests.support.database import TestDatabase
from tests.unit.projections.book import Book
from tests.unit.projections.large_seller import complain

OUTCOMES = 600
TIMES = 4
GROWTH_MAX = 8.0  # for four times as many; the square of them would be 16


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _complained(book: Book, subject: str, outcomes: int) -> None:
    """In commits of some hundred entries, each on the day of its last one."""
    book.register(subject)
    book.pledge(subject, outcomes, until="2039-03-14", clauses=("returns",))
    first = book.today + timedelta(days=1)
    waiting = 0
    said_on = first

    def record(saying: object, on: date) -> int:
        nonlocal waiting, said_on
        if on != said_on and waiting >= 100:
            book.commit(said_on)
            waiting = 0
        waiting, said_on = waiting + 1, on
        return book.add(subject, saying)[0]  # type: ignore[arg-type]

    complain(outcomes, record, first)
    book.commit(said_on)


def _rows(database: TestDatabase, suffix: str, subject: str) -> dict[str, list[str]]:
    """Every row about the subject."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(database.service) as connection:
        for table in TABLES:
            columns = connection.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = 'projections' AND table_name = %s",
                (table,),
            ).fetchall()
            if ("subject",) in columns:
                query = SQL("SELECT * FROM projections.{} WHERE subject = %s").format(Identifier(table + suffix))
                found[table] = sorted(map(repr, connection.execute(query, (subject,))))
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_a_large_seller_costs_grows_with_its_complaints(database: TestDatabase, store: PostgresStore) -> None:
    book = Book(store)
    book.charter()
    prepare(database.service)
    sellers = {"local:test/a": OUTCOMES, "local:test/b": TIMES * OUTCOMES}
    followed: dict[str, float] = {}
    runner = Runner(Feed(store, lean), database.service)
    try:
        for subject, outcomes in sellers.items():
            while runner.step() or runner.behind:
                pass
            _complained(book, subject, outcomes)

            def follow() -> None:
                while runner.step() or runner.behind:
                    pass

            followed[subject] = _processor_seconds(follow)
    finally:
        runner.stop()
    filling = RebuildRun(database.service, Rules.none().after(Feed(store).governing()), book.size, "run")
    with psycopg.connect(database.service) as connection:
        begin_filling(connection, "run")
        drop_tables(connection, NEXT)
        create_tables(connection, NEXT)
    filled: dict[str, float] = {}
    for number, subject in enumerate(sellers):
        part = PartToFill(number, subject, f"{subject}~")
        filled[subject] = _processor_seconds(partial(fill_part, filling, part))
    print(f"followed {followed}, rebuilt {filled}, processor seconds")
    for subject in sellers:
        assert _rows(database, NEXT, subject) == _rows(database, "", subject)
    for spent in (followed, filled):
        less, more = spent.values()
        assert more / less < GROWTH_MAX
