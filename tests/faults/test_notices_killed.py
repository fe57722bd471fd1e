"""`kill -9` of the service between any two steps of a webhook and of a mail: nothing lost, and to a receiver whose
answer was written down nothing twice. Whoever answered, and was not heard, gets it once more under the same id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from psycopg import Connection

from tests.e2e.book import Book, chartered
from tests.support.database import PostgresServer, TestDatabase
from tests.support.receivers import MailReceiver, WebhookReceiver
from tests.support.statements import ENTERPRISE
from tests.support.waiting import eventually

_BLOCKED = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ledger_service' "
    "AND wait_event_type = 'Lock' AND query LIKE %s"
)
TABLES = {"webhook": "desk.webhooks", "mail": "desk.outbox"}
CLAIMED = {"webhook": "%desk.webhooks SET claim%", "mail": "%desk.outbox SET claim%"}
SETTLED = {"webhook": "%desk.webhooks SET next_entry%delivered_at%", "mail": "%desk.outbox SET state = 'sent'%"}
ADDRESS = "reader@reader.example"


class Killed(NamedTuple):
    """A running service, and who is told: by webhook or by mail. `way` says which of the two is looked at."""

    book: Book
    database: TestDatabase
    hook: WebhookReceiver
    mails: MailReceiver
    way: str

    @property
    def gate(self) -> Any:
        return self.hook.gate if self.way == "webhook" else self.mails.gate

    def said(self) -> list[str]:
        """The ids under which something was offered, in order."""
        return [one.id for one in self.hook.told] if self.way == "webhook" else list(self.mails.offered)


@pytest.fixture(scope="module")
def told(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Killed]]:
    folder: Path = tmp_path_factory.mktemp("service")
    with postgres_server.database() as database, WebhookReceiver() as hook, MailReceiver() as mails:
        options = "--webhooks-to", "127.0.0.1", *mails.options()
        with chartered(folder, *options, database=database.service) as service, Book(service) as book:
            book.enterprise(ENTERPRISE)
            asked = book.http.post("/v1/webhooks", json={"url": hook.url})
            assert asked.status_code == 201, asked.text
            eventually(lambda: hook.challenges, "it is challenged")
            yield lambda way: Killed(book, database, hook, mails, way)


def before_it_is_claimed(one: Killed) -> None:
    if one.way == "mail":  # whoever locks the table keeps the row from being written, too: it is written, and not due
        with due_from(one, 2**40):
            release(one)
            one.book.service.kill()
        return
    with locked(one, f"LOCK TABLE {TABLES[one.way]} IN SHARE MODE"):
        waits(one, CLAIMED[one.way])
        release(one)
        crash(one, CLAIMED[one.way])


def claimed_and_not_answered(one: Killed) -> None:
    one.gate.close()
    release(one)
    assert one.gate.held.wait(100), "it is being told"
    one.book.service.kill()
    one.gate.open()


def answered_and_not_written_down(one: Killed) -> None:
    one.gate.close()
    release(one)
    assert one.gate.held.wait(100), "it is being told"
    with locked(one, f"SELECT FROM {TABLES[one.way]} WHERE claim IS NOT NULL FOR UPDATE"):
        one.gate.open()
        waits(one, SETTLED[one.way])
        crash(one, SETTLED[one.way])


def written_down(one: Killed) -> None:
    release(one)
    eventually(lambda: settled(one), "it is written down")
    one.book.service.kill()


@pytest.mark.parametrize("way", ["webhook", "mail"])
@pytest.mark.parametrize(
    ("point", "repeats"),
    [
        (before_it_is_claimed, 0),
        (claimed_and_not_answered, 1),  # the first was not answered
        (answered_and_not_written_down, 1),  # it was, and nobody heard
        (written_down, 0),
    ],
    ids=["unclaimed", "unanswered", "unheard", "settled"],
)
def test_what_was_to_be_told_is_told_whenever_the_service_is_killed(
    told: Callable[[str], Killed], way: str, point: Callable[[Killed], None], repeats: int
) -> None:
    one = told(way)
    before = len(one.said())
    point(one)
    overdue(one)
    one.book.service.start()
    eventually(lambda: settled(one), f"it is told; the service says in {one.book.service.log}")
    said = one.said()[before:]
    assert len(said) == 1 + repeats and len(set(said)) == 1, "once more at most, under the same id"
    marker(one)  # what comes later is told after it, and it is not told again
    eventually(lambda: settled(one), "the next one")
    assert one.said()[before : before + 1 + repeats] == said and len(one.said()) == before + len(said) + 1


def release(one: Killed) -> None:
    """Bring about what has to be told."""
    marker(one)


def marker(one: Killed) -> None:
    if one.way == "webhook":
        one.book.enterprise(f"local:killed/{one.book.size()}")
        return
    number = asked(one, "SELECT count(*) FROM desk.outbox")
    origin = {"Origin": one.book.service.url}
    address = f"{number}.{ADDRESS}"
    path = f"/e/{ENTERPRISE[5:]}/follow"
    answer = httpx.post(f"{one.book.service.url}{path}", data={"address": address}, headers=origin, timeout=30)
    assert answer.status_code == 200, answer.text
    with psycopg.connect(one.database.superuser) as connection:  # so many of one client are not asked for in life
        connection.execute("UPDATE desk.follows SET client = address_hash")


def settled(one: Killed) -> bool:
    if one.way == "webhook":
        return bool(asked(one, "SELECT next_entry = (SELECT count(*) FROM ledger.entries) FROM desk.webhooks"))
    return bool(asked(one, "SELECT count(*) > 0 AND bool_and(state = 'sent') FROM desk.outbox"))


@contextmanager
def due_from(one: Killed, at: int) -> Iterator[None]:
    """Rows that are written meanwhile are due at `at`, and at once in the end."""
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE desk.outbox ALTER due_at SET DEFAULT {at}")
        yield
        connection.execute("ALTER TABLE desk.outbox ALTER due_at SET DEFAULT 0")
        connection.execute("UPDATE desk.outbox SET due_at = 0")


@contextmanager
def locked(one: Killed, lock: str) -> Iterator[Connection[Any]]:
    """Hold a lock in a transaction, until the end."""
    with psycopg.connect(one.database.superuser) as connection:
        connection.execute(lock)
        yield connection
        connection.rollback()


def waits(one: Killed, query: str) -> None:
    """Until the service waits for a lock that somebody holds, in this query."""
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        eventually(
            lambda: connection.execute(f"SELECT 1 {_BLOCKED}", (query,)).fetchone(), f"{query} waits for the lock"
        )


def crash(one: Killed, query: str) -> None:
    """`kill -9`, and the end of the backend that still waits, as of one whose client is seen to be gone."""
    one.book.service.kill()
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {_BLOCKED}", (query,))
        eventually(lambda: not connection.execute(f"SELECT 1 {_BLOCKED}", (query,)).fetchone(), "the backend ends")


def overdue(one: Killed) -> None:
    """The lease ends: what the test does not wait for."""
    with psycopg.connect(one.database.superuser) as connection:
        connection.execute(f"UPDATE {TABLES[one.way]} SET leased_until = 0 WHERE leased_until IS NOT NULL")


def asked(one: Killed, query: str) -> Any:
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
