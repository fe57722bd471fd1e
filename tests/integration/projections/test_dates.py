"""A new day is no work but for those whose steps are due, however many enterprises there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from ledger.domain.values.dates import add_months
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.reads import Reading
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from projections.standing.evaluate import SEGMENTS_MAX
from projections.standing.standing_view import BEGINNING, StandingView
from tests.support.database import TestDatabase
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book
from tests.unit.projections.stream import Stream, noon
from tests.unit.projections.telling import tell

MANY = "local:test/many-steps"
FEW = "local:test/few-steps"


@pytest.fixture
def book(store: PostgresStore) -> Book:
    """Two enterprises, of which one has more steps ahead than are written at once."""
    book = Book(store)
    book.charter()
    book.register(FEW)
    book.add(FEW, say.outcome(str(book.today), reply="none"))
    book.register(MANY)
    book.commit()
    for number in range(SEGMENTS_MAX):
        book.add(MANY, say.outcome(str(book.today + timedelta(days=number)), reply="none"))
        book.commit(book.today + timedelta(days=1))
    return book


@pytest.fixture
def runner(database: TestDatabase, store: PostgresStore) -> Iterator[Callable[[Callable[[], date]], Runner]]:
    made: list[Runner] = []
    prepare(database.service)

    def make(today: Callable[[], date]) -> Runner:
        made.append(Runner(Feed(store), database.service, today=today))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def settle(runner: Runner) -> None:
    while runner.step():
        pass


def column(database: TestDatabase, query: str, *params: Any) -> list[Any]:
    with psycopg.connect(database.service) as connection:
        return [row[0] for row in connection.execute(query, params).fetchall()]


def test_steps_that_are_due_are_written_on_their_day_and_no_row_of_anybody_else_is_touched(
    database: TestDatabase, store: PostgresStore, book: Book, runner: Callable[[Callable[[], date]], Runner]
) -> None:
    days = [book.today]
    follower = runner(lambda: days[-1])
    settle(follower)
    (due_on,) = column(database, "SELECT due_on FROM projections.standing_due")
    (written,) = column(database, "SELECT max(until_on) FROM projections.standing_segments WHERE subject = %s", MANY)
    assert written == due_on
    (before,) = column(database, "SELECT pg_current_xact_id()::text::bigint")
    days.append(due_on - timedelta(days=1))
    settle(follower)
    touched = "SELECT DISTINCT subject FROM projections.standing_segments WHERE xmin::text::bigint >= %s"
    assert column(database, touched, before) == []
    days.append(due_on)
    settle(follower)
    assert column(database, touched, before) == [MANY]
    assert all(on > due_on for on in column(database, "SELECT due_on FROM projections.standing_due"))
    with Database(database.service, connections_max=2) as pool:
        view = StandingView(Reading(pool), Feed(store), follower.rules)
        for number in range(0, 400, 7):
            day = due_on + timedelta(days=number)
            days.append(day)
            settle(follower)
            (body,) = column(
                database,
                "SELECT body FROM projections.standing_segments WHERE subject = %s AND from_on <= %s "
                "AND (until_on IS NULL OR until_on > %s)",
                MANY,
                day,
                day,
            )
            assert bytes(body) == view.replay(MANY, day).body


def test_a_rebuild_gives_the_same_steps_once_what_is_due_is_written(
    database: TestDatabase, book: Book, runner: Callable[[Callable[[], date]], Runner]
) -> None:
    day = book.today + timedelta(days=300)
    settle(runner(lambda: day))
    rows = "SELECT s::text FROM projections.standing_segments s ORDER BY subject, from_on"
    followed = column(database, rows)
    rebuild(database.service)
    assert len(column(database, rows)) < len(followed)
    settle(runner(lambda: day))
    assert column(database, rows) == followed


def test_a_further_event_replaces_what_was_written_ahead_and_what_was_added(
    database: TestDatabase, book: Book, runner: Callable[[Callable[[], date]], Runner]
) -> None:
    day = book.today + timedelta(days=300)
    follower = runner(lambda: day)
    settle(follower)
    book.add(MANY, say.outcome(str(book.today), reply="none", issue="one more"))
    book.commit(book.today + timedelta(days=299))
    settle(follower)
    followed = column(database, "SELECT s::text FROM projections.standing_segments s ORDER BY subject, from_on")
    rebuild(database.service)
    settle(runner(lambda: day))
    assert followed == column(database, "SELECT s::text FROM projections.standing_segments s ORDER BY subject, from_on")


def test_what_time_alone_changes_is_in_the_feed_on_its_day_whatever_noun_it_comes_from(
    database: TestDatabase, store: PostgresStore, runner: Callable[[Callable[[], date]], Runner]
) -> None:
    book = Book(store)
    book.charter()
    told = Stream()
    facts: list[dict[str, Any]] = [
        {"say": "PublicRecordCited", "kind": "serious_list", "recheck_by": str(book.today + timedelta(days=30))},
        {"say": "MarkMisuseFound", "by": "licensee"},
        {"say": "FindingRecorded", "kind": "spot_check", "severity": "severe"},
    ]
    for number, fact in enumerate(facts):
        book.register(f"local:test/{number}")
        tell(told, {**fact, "on": str(book.today)}, {})
        book.add(f"local:test/{number}", (told.events[-1].event, told.events[-1].sealed))  # type: ignore[arg-type]
    book.commit()
    follower = runner(lambda: book.today)
    settle(follower)
    with Database(database.service, connections_max=2) as pool:
        view = StandingView(Reading(pool), Feed(store), follower.rules)

        def changes(day: date) -> list[tuple[str, str, str, str]]:
            rows = view.changes(BEGINNING, 100, noon(day), book.size)
            return [(row.cursor.subject[-1], str(row.cursor.changed_on), row.before, row.after) for row in rows]

        first = changes(book.today)
        assert [one[2:] for one in first] == [("UNRATED", "LISTED"), ("UNRATED", "WATCH"), ("UNRATED", "ALERT")]
        over = book.today + timedelta(days=31)
        assert changes(over - timedelta(days=1)) == first
        assert changes(over) == [*first, ("0", str(over), "LISTED", "NORMAL")]
        year = add_months(book.today, 12)
        assert changes(year)[4:] == [("1", str(year), "WATCH", "NORMAL"), ("2", str(year), "ALERT", "WATCH")]
