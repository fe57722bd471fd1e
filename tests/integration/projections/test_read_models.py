"""The read models over a real database: what is followed, what is rebuilt, what is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.policy import StandingPolicy
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.reads import Reading
from projections.engine.projecting_process import lean
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner, RunnerLimits
from projections.engine.schema import TABLES, prepare
from projections.search.search_view import SearchView
from projections.standing.levels import Level
from projections.standing.standing_view import BEGINNING, Cursor, StandingView
from tests.support.database import TestDatabase
from tests.support.waiting import eventually
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book, a_year

ONE = "local:test/one"
TWO = "local:test/two"


@pytest.fixture
def book(store: PostgresStore) -> Book:
    book = Book(store)
    book.charter()
    return book


@pytest.fixture
def runner(database: TestDatabase, store: PostgresStore) -> Iterator[Callable[..., Runner]]:
    made: list[Runner] = []
    prepare(database.service)

    def make(**limits: int) -> Runner:
        made.append(Runner(Feed(store, lean), database.service, RunnerLimits(**limits)))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def reading(database: TestDatabase) -> Iterator[Reading]:
    with Database(database.service, connections_max=2) as pool:
        yield Reading(pool)


def catch_up(runner: Runner) -> None:
    """To the end of the log. A rebuild's lock is let go a moment after its connection was closed."""
    eventually(lambda: not (runner.step() or runner.behind), "the end of the log")


def rows(database: TestDatabase) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with psycopg.connect(database.service) as connection:
        return {
            table: sorted(
                connection.execute(SQL("SELECT * FROM projections.{}").format(Identifier(table))).fetchall(), key=repr
            )
            for table in TABLES
        }


def stricter(**changes: Any) -> StandingPolicy:
    return msgspec.structs.replace(default_standing_policy(), **changes)


def differences(one: dict[str, list[tuple[Any, ...]]], two: dict[str, list[tuple[Any, ...]]]) -> list[Any]:
    return [(table, set(one[table]) ^ set(two[table])) for table in TABLES if one[table] != two[table]]


def test_a_rebuild_gives_every_row_that_following_in_small_batches_gave(
    database: TestDatabase, book: Book, runner: Callable[..., Runner]
) -> None:
    follower = runner(batch_events_max=7, courses_max=5)
    a_year(book, 40)
    catch_up(follower)
    book.policy(stricter(watch_from=300, alert_from=900), book.today)  # in force the same day
    book.commit()
    a_year_on = book.today + timedelta(days=3)
    book.commit(a_year_on)
    a_year(book, 0)
    book.register(ONE)
    book.pledge(ONE, 999_999)
    book.policy(stricter(watch_from=2500), book.today + timedelta(days=60))
    for number in range(3):
        book.add(ONE, say.outcome(str(book.today), reply="none", reason=f"{number}"))
    book.commit()
    catch_up(follower)
    followed = rows(database)
    assert len(followed["standing_changes"]) > 40
    assert rebuild(database.service) == book.size
    assert differences(followed, rows(database)) == []


def test_following_on_after_a_rebuild_goes_on_where_it_ended(
    database: TestDatabase, book: Book, runner: Callable[..., Runner]
) -> None:
    follower = runner()
    a_year(book, 10)
    catch_up(follower)
    a_year(book, 0)
    book.add("local:test/00001", say.outcome(str(book.today), reply="none"))
    book.commit()
    rebuild(database.service)
    book.add("local:test/00002", say.outcome(str(book.today), reply="none"))
    book.commit()
    catch_up(follower)
    assert follower.size == book.size
    followed = rows(database)
    rebuild(database.service)
    assert differences(followed, rows(database)) == []


def test_an_erased_body_leaves_no_trace_in_any_row(
    database: TestDatabase, book: Book, runner: Callable[..., Runner]
) -> None:
    follower = runner()
    book.register(ONE)
    book.pledge(ONE, 1)
    book.commit(date(2026, 4, 1))
    catch_up(follower)
    without = rows(database)
    entry, _ = book.add(ONE, say.outcome("2026-04-02", reply="none", fact_id="very-special"))
    book.commit(date(2026, 4, 2))
    catch_up(follower)
    assert next(row[3] for row in rows(database)["standing_segments"]) == "WATCH"
    book.add(ONE, say.erased(entry, "2026-04-10"))
    book.commit(date(2026, 4, 10))
    catch_up(follower)  # before the vault has erased it
    after = rows(database)
    assert after["standing_changes"] == without["standing_changes"]
    assert [row[3] for row in after["standing_segments"]] == ["PLEDGED", "NORMAL"]
    book.store.erase_body(entry)
    rebuild(database.service)
    assert differences(after, rows(database)) == []


def test_an_enterprise_whose_registration_is_erased_is_not_found_any_more(
    book: Book, runner: Callable[..., Runner], reading: Reading
) -> None:
    follower, search = runner(), SearchView(reading)
    event, _ = say.registered(name="张三早餐店", code="92110000MA00000000")
    entry, _ = book.add(ONE, (event, True))
    book.commit()
    catch_up(follower)
    assert [found.subject for found in search.search("早餐").found] == [ONE]
    assert [found.subject for found in search.by_code("92110000ma0000 0000")] == [ONE]
    book.add(ONE, say.erased(entry, "2026-01-02"))
    book.commit()
    catch_up(follower)
    assert search.search("早餐").found == []
    assert search.by_code("92110000MA00000000") == []
    assert search.enterprise(ONE) is None


def test_two_runners_on_one_database_write_each_row_once_and_both_come_to_the_end(
    database: TestDatabase, book: Book, runner: Callable[..., Runner]
) -> None:
    one, two = runner(batch_events_max=5), runner(batch_events_max=3)
    one.step(), two.step()
    one.start(), two.start()
    subjects = a_year(book, 20)
    book.policy(stricter(watch_from=300), book.today)
    book.add(subjects[0], say.outcome(str(book.today), reply="none"))
    book.commit()
    eventually(lambda: not (one.behind or two.behind), "both come to the end")
    assert one.failure is None
    assert two.failure is None
    followed = rows(database)
    one.stop(), two.stop()
    rebuild(database.service)
    assert differences(followed, rows(database)) == []


def test_a_step_that_fails_leaves_nothing_behind_and_is_done_again(
    database: TestDatabase, book: Book, runner: Callable[..., Runner]
) -> None:
    follower = runner()
    a_year(book, 5)
    follower.step()
    before = rows(database)
    with psycopg.connect(database.service) as connection:
        connection.execute("ALTER TABLE projections.progress RENAME TO gone")
        connection.commit()
        with pytest.raises(Exception, match="progress"):
            catch_up(follower)
        connection.execute("ALTER TABLE projections.gone RENAME TO progress")
    assert differences(before, rows(database)) == []
    catch_up(follower)
    assert follower.size == book.size
    followed = rows(database)
    rebuild(database.service)
    assert differences(followed, rows(database)) == []


def test_the_standing_of_today_is_what_a_replay_of_the_book_gives_byte_for_byte(
    store: PostgresStore, book: Book, runner: Callable[..., Runner], reading: Reading
) -> None:
    follower = runner()
    subjects = a_year(book, 20)
    catch_up(follower)
    view = StandingView(reading, Feed(store), follower.rules)
    for subject in subjects:
        for later in (0, 40, 100, 400, 1200):
            today = book.today + timedelta(days=later)
            assert view.current(subject, today) == view.replay(subject, today)
    unknown = view.current("uscc:91330000609120000X", book.today)
    assert unknown.level == "UNRATED"
    assert not unknown.in_book
    assert view.currents([*subjects, unknown.subject], book.today)[unknown.subject] == unknown


def test_a_period_that_a_colleague_assessed_as_kept_is_good_as_served_as_replayed_and_as_rebuilt(
    store: PostgresStore, database: TestDatabase, book: Book, runner: Callable[..., Runner], reading: Reading
) -> None:
    follower = runner()
    book.register(ONE)
    book.pledge(ONE, 1, until="2028-03-14")
    book.commit(date(2026, 3, 1))
    book.add(ONE, say.assessed(1, "2027-03-01", "full", (str(book.today), "2027-02-28")))
    book.commit(date(2027, 3, 1))
    catch_up(follower)
    view = StandingView(reading, Feed(store), follower.rules)
    assert view.current(ONE, book.today).level == Level.GOOD
    assert view.current(ONE, book.today) == view.replay(ONE, book.today)
    followed = rows(database)
    rebuild(database.service)
    assert differences(followed, rows(database)) == []


def test_the_feed_of_changes_tells_every_change_by_entries_and_by_time_in_order_and_once(
    store: PostgresStore, book: Book, runner: Callable[..., Runner], reading: Reading
) -> None:
    follower = runner()
    book.register(ONE)
    book.pledge(ONE, 1, until="2026-06-30")
    book.commit(date(2026, 3, 1))
    book.add(ONE, say.outcome("2026-04-01", reply="none"))
    book.commit(date(2026, 4, 1))
    catch_up(follower)
    view = StandingView(reading, Feed(store), follower.rules)

    def seen(on: str, after: Cursor = BEGINNING, limit: int = 100) -> list[tuple[str, str]]:
        found = view.changes(after, limit, say.noon(say.day(on)), book.size)
        return [(str(change.cursor.changed_on), change.after.value) for change in found]

    early = [("2026-03-01", "PLEDGED"), ("2026-04-01", "WATCH")]
    assert seen("2026-04-01") == early
    assert seen("2026-08-01") == [*early, ("2026-07-01", "NORMAL")]
    page = view.changes(BEGINNING, 1, say.noon(say.day("2026-08-01")), book.size)
    assert seen("2026-08-01", Cursor.parse(str(page[0].cursor)), 1) == [early[1]]
    book.add(ONE, say.outcome("2026-06-20", reply="none"))
    book.commit(date(2026, 6, 20))
    lagging = [*early]
    assert seen("2026-08-01") == lagging  # the foreseen change may not come: nothing is told before that is known
    catch_up(follower)
    assert seen("2026-08-01") == [*early]
    assert seen("2027-08-01") == [*early, ("2027-04-01", "NORMAL")]


def test_a_sealed_pledge_is_visible_nowhere(database: TestDatabase, book: Book, runner: Callable[..., Runner]) -> None:
    follower = runner()
    book.register(ONE)
    book.register(TWO)
    book.commit(date(2026, 3, 1))
    book.pledge(TWO, 7, disclosure="limited")
    book.add(TWO, say.assessed(7, "2026-03-01", "none", ("2026-01-05", "2026-02-01")))
    book.commit(date(2026, 3, 1))
    catch_up(follower)
    found = rows(database)
    assert found["pledges"] == found["pledge_pages"] == found["sections"] == found["standing_changes"] == []
    one, two = found["standing_segments"]
    assert one[1:4] == two[1:4]
    assert two[4].replace(b"two", b"one").replace(b'"decided_at_size":5', b'"decided_at_size":4') == one[4]


def test_names_are_found_whatever_they_contain(book: Book, runner: Callable[..., Runner], reading: Reading) -> None:
    follower, search = runner(), SearchView(reading)
    names = [
        "百分之100%公司",
        "下划_线公司",
        "反斜\\杠公司",
        "ＡＣＭＥ（中国）有限公司",
        "甲",
        "甲乙公司",
        "丙甲乙公司",
    ]
    for number, name in enumerate(names):
        book.register(f"local:test/{number}", name)
    book.add("local:test/4", say.renamed("2026-01-02", "丁有限公司"))
    book.commit()
    catch_up(follower)

    def found(q: str) -> list[str]:
        return [hit.name for hit in search.search(q).found]

    assert found("0%") == [names[0]]
    assert found("%") == [names[0]]
    assert found("_") == [names[1]]
    assert found("\\") == [names[2]]
    assert found("acme (中国") == [names[3]]
    assert found("甲乙") == [names[5], names[6]]
    assert set(found("甲")) == {"丁有限公司", names[5], names[6]}
    assert found("没有") == []
    everybody, cursor = [], ""
    while True:
        page = search.search("公司", limit=2, cursor=cursor)
        everybody += [hit.name for hit in page.found]
        cursor = page.cursor
        if not cursor:
            break
    assert sorted(everybody) == sorted([*names[:4], "丁有限公司", *names[5:]])
    assert len(search.search("", limit=3).found) == 3
    assert search.search("公司", campaign="campaign:2026").found == []
