"""The turn of a day, with as many standings due, among few enterprises and among ten times as many."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg

from ledger.reading.feed import Feed
from ledger.store.connect import connect
from ledger.store.postgres import PostgresStore
from projections.engine.enterprise_rows import portray
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from projections.engine.tables import Rows
from projections.standing.level_history import follow
from projections.standing.policy_timeline import Rules
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book
from tests.unit.projections.stream import Stream

__all__ = ["dates"]

FEW, MANY = 10_000, 100_000
DUE = 100  # enterprises with more steps ahead than are written at once
_REPLIES = 100  # unanswered complaints of each, on days of their own: two steps of time for each
_ROWS_AT_ONCE = 20_000


class _Population:
    """A database with some enterprises whose steps are due together, among others who have theirs."""

    def __init__(self, bench: Bench, others: int, due: int) -> None:
        self.conninfo = bench.migrated().service
        self._store = PostgresStore.open(self.conninfo)
        prepare(self.conninfo)
        book = Book(self._store)
        book.charter()
        for number in range(due):
            book.register(f"local:due/{number:04d}")
        book.commit()
        for _ in range(_REPLIES):
            for number in range(due):
                book.add(f"local:due/{number:04d}", say.outcome(str(book.today), reply="none"))
            book.commit(book.today + timedelta(days=1))
        self.today = book.today
        self.runner = Runner(Feed(self._store), self.conninfo, today=lambda: self.today)
        self.settle()
        self._fill(others)
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE) projections.standing_segments")

    def settle(self) -> None:
        """Until there is nothing left to do."""
        while self.runner.step():
            pass

    def turn(self) -> tuple[float, int, int]:
        """To the next day on which steps are due: seconds, enterprises due, enterprises of whom a row was written."""
        with psycopg.connect(self.conninfo) as connection:
            due = connection.execute("SELECT min(due_on) FROM projections.standing_due").fetchone()
            began = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
            assert due is not None and began is not None
            self.today = due[0]
            asked = "SELECT count(*) FROM projections.standing_due WHERE due_on <= %s"
            expected = connection.execute(asked, (self.today,)).fetchone()
        start = time.perf_counter()
        self.settle()
        seconds = time.perf_counter() - start
        written = "SELECT count(DISTINCT subject) FROM projections.standing_segments WHERE xmin::text::bigint >= %s"
        with psycopg.connect(self.conninfo) as connection:
            touched = connection.execute(written, began).fetchone()
        assert expected is not None and touched is not None
        return seconds, expected[0], touched[0]

    def close(self) -> None:
        self.runner.stop()
        self._store.close()

    def _fill(self, others: int) -> None:
        """Enterprises with a pledge and a complaint, derived once and written under every name."""
        stream = Stream()
        stream.say(say.registered())
        stream.pledge()
        stream.say(say.outcome("2026-04-10", reply="none"))
        rules = Rules.none().after(Feed(self._store).governing())
        followed = follow(None, stream.events, rules, stream.next)
        assert followed is not None  # it has events
        standing = portray(followed.course, rules).standing
        rows = Rows()
        with connect(self.conninfo) as connection, connection.cursor() as cursor:
            for number in range(others):
                rows.add_standing(f"local:other/{number:06d}", standing)
                if number % _ROWS_AT_ONCE == _ROWS_AT_ONCE - 1:
                    rows.copy(cursor, "")
            rows.copy(cursor, "")


def dates(bench: Bench) -> Iterator[Ratio]:
    """Only those that are due may be written; the time is theirs, whoever else is in the book."""
    due = bench.of(DUE)
    few, many = (_Population(bench, bench.of(size), due) for size in (FEW, MANY))
    touched: set[int] = set()

    def turned(population: _Population) -> float:
        seconds, expected, written = population.turn()
        check(expected == due, f"{expected} of {due} were due")
        check(written == expected, f"{written} enterprises were written, {expected} were due")
        touched.add(written)
        return seconds

    try:
        yield compare(
            f"a day on which {due} standings are due, among {bench.of(MANY):,} enterprises",
            f"the same among {bench.of(FEW):,}",
            "s",
            floor=lambda _: turned(few),
            ours=lambda _: turned(many),
            rounds=bench.rounds(5),
            bound="at most",
            target=1.5,
            note=lambda: f"enterprises of whom rows were written: {sorted(touched)} of {bench.of(MANY) + due:,}",
        )
        yield _idle(bench, few, many)
    finally:
        few.close()
        many.close()


def _idle(bench: Bench, few: _Population, many: _Population) -> Ratio:
    def nothing_due(population: _Population) -> float:
        population.today = date(2026, 1, 1)
        began = time.perf_counter()
        for _ in range(100):
            check(not population.runner.step(), "there was something to do")
        return (time.perf_counter() - began) / 100

    return compare(
        f"a day on which nothing is due, among {bench.of(MANY):,} enterprises",
        f"the same among {bench.of(FEW):,}",
        "s",
        floor=lambda _: nothing_due(few),
        ours=lambda _: nothing_due(many),
        rounds=bench.rounds(5),
        bound="at most",
        target=1.5,
    )
