"""`kill -9` of the service between any two steps of a release that was left for its time: it is in the book once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import Connection

from ledger.store.postgres import PostgresStore
from tests.e2e.book import Book, chartered
from tests.support.charter import ORGANIZER, ORGANIZER_2, ORIGIN
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.releases import document, in_seconds, lay, leave, newcomer
from tests.support.waiting import eventually

_BLOCKED = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ledger_service' "
    "AND wait_event_type = 'Lock' AND query LIKE %s"
)
CLAIM, APPEND, SETTLE = "%SET state = 'releasing'%", "%ledger.entries%", "%SET state = 'released'%"


class Left(NamedTuple):
    """A draft that is left for a time soon, in a running service."""

    book: Book
    database: TestDatabase
    address: str
    statement: bytes
    size: int


@pytest.fixture(scope="module")
def book(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Book, TestDatabase]]:
    folder: Path = tmp_path_factory.mktemp("service")
    with (
        postgres_server.database() as database,
        chartered(folder, database=database.service) as service,
        Book(service) as book,
    ):
        yield book, database


def before_it_is_claimed(left: Left) -> None:
    with locked(left, "LOCK TABLE desk.drafts IN SHARE MODE"):
        waits(left, CLAIM)
        crash(left, CLAIM)


def claimed_and_not_registered(left: Left) -> None:
    with locked(left, "LOCK TABLE ledger.entries IN SHARE MODE"):
        waits(left, APPEND)
        assert state(left) == "releasing"
        crash(left, APPEND)
    assert left.book.service.start() and left.book.size() == left.size
    not_called_back(left)
    overdue(left)


def registered_and_not_settled(left: Left) -> None:
    with locked(left, "LOCK TABLE ledger.entries IN SHARE MODE") as entries:
        waits(left, APPEND)
        with locked(left, "SELECT FROM desk.drafts WHERE state = 'releasing' FOR UPDATE"):
            entries.rollback()
            waits(left, SETTLE)
            crash(left, SETTLE)
    assert size(left) == left.size + 1, "it is in the book, and the desk does not know"
    assert state(left) == "releasing"
    overdue(left)


def between_two_settlings(left: Left) -> None:
    """Registered, and its row not settled; and after the start not settled once more."""
    registered_and_not_settled(left)
    with locked(left, "LOCK TABLE desk.drafts IN SHARE MODE"):
        left.book.service.start()
        waits(left, CLAIM)
        crash(left, CLAIM)


@pytest.mark.parametrize(
    "point",
    [
        before_it_is_claimed,
        claimed_and_not_registered,
        registered_and_not_settled,
        pytest.param(between_two_settlings, marks=pytest.mark.slow),
    ],
    ids=lambda point: point.__name__,
)
def test_a_release_whose_service_is_killed_is_in_the_book_once(
    book: tuple[Book, TestDatabase], point: Callable[[Left], None]
) -> None:
    served, database = book
    number = served.size()
    subject, event = f"local:killed/{number}", newcomer()
    with (
        DeskVisitor(served.service.url).sign_in(ORGANIZER) as first,
        DeskVisitor(served.service.url).sign_in(ORGANIZER_2) as second,
    ):
        address = lay(first, document(event, subject))
        statement = leave(second, address, event, subject, at=in_seconds(3))
        left = Left(served, database, address, statement, number)
        point(left)
        if not alive(served):
            served.service.start()
        eventually(lambda: state(left) == "released", f"it is settled; the service says in {served.service.log}")
        assert "已发布" in first.http.get(address).text
        again = served.post(statement)
        assert again.headers["location"] == f"/entries/{number}", "where it was released to"
    assert served.size() == number + 1
    with PostgresStore.open(database.service) as store:
        assert check_whole_log(store, log_keys(ORIGIN)) == number + 1


def test_a_called_back_one_stays_called_back_over_a_crash(book: tuple[Book, TestDatabase]) -> None:
    served, _ = book
    subject, event, number = "local:killed/called-back", newcomer(), served.size()
    with (
        DeskVisitor(served.service.url).sign_in(ORGANIZER) as first,
        DeskVisitor(served.service.url).sign_in(ORGANIZER_2) as second,
    ):
        address = lay(first, document(event, subject))
        leave(second, address, event, subject, at=in_seconds(3))
        assert first.submit(f"{address}/call-back").status_code == 303
        served.service.kill()
        served.service.start()
        other = lay(first, document(newcomer(), "local:killed/witness"))
        leave(second, other, newcomer(), "local:killed/witness", at=in_seconds(4))
        eventually(lambda: served.size() > number, "what was left later, and not called back, is released")
        assert "草稿，待签发" in first.http.get(address).text
    assert served.size() == number + 1


@contextmanager
def locked(left: Left, lock: str) -> Iterator[Connection[Any]]:
    """Hold a lock in a transaction, until the end or its rollback."""
    with psycopg.connect(left.database.superuser) as connection:
        connection.execute(lock)
        yield connection
        connection.rollback()


def waits(left: Left, query: str) -> None:
    """Until the service waits for a lock that somebody holds, in this query."""
    with psycopg.connect(left.database.superuser, autocommit=True) as connection:  # a transaction sees but one moment
        eventually(
            lambda: connection.execute(f"SELECT 1 {_BLOCKED}", (query,)).fetchone(), f"{query} waits for the lock"
        )


def crash(left: Left, query: str) -> None:
    """`kill -9`, and the end of the backend that still waits, as of one whose client is seen to be gone."""
    left.book.service.kill()
    with psycopg.connect(left.database.superuser, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {_BLOCKED}", (query,))
        eventually(lambda: not connection.execute(f"SELECT 1 {_BLOCKED}", (query,)).fetchone(), "the backend ends")


def alive(book: Book) -> bool:
    try:
        return book.service.pid > 0
    except AssertionError:
        return False


def size(left: Left) -> int:
    return int(asked(left, "SELECT count(*) FROM ledger.entries"))


def state(left: Left) -> str:
    return str(asked(left, "SELECT state FROM desk.drafts WHERE id = decode(%s, 'hex')", left.address[-32:]))


def overdue(left: Left) -> None:
    """The lease ends: what the test does not wait for."""
    with psycopg.connect(left.database.superuser) as connection:
        connection.execute("UPDATE desk.drafts SET leased_until = 0 WHERE state = 'releasing'")


def not_called_back(left: Left) -> None:
    with DeskVisitor(left.book.service.url).sign_in(ORGANIZER) as drafter:
        answer = drafter.submit(f"{left.address}/call-back")
    assert answer.status_code == 400 and "不能再撤回" in answer.text, "it may be on its way"
    assert state(left) == "releasing"


def asked(left: Left, query: str, *values: str) -> Any:
    with psycopg.connect(left.database.superuser, autocommit=True) as connection:
        row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]
