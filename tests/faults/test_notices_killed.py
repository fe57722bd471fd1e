"""`kill -9` of the service between any two steps of a webhook and of a mail: nothing lost, and to a receiver whose
answer was written down nothing twice. Whoever answered, and was not heard, gets the same bytes once more under the same
id. Where the service lives, or is told to stop, every answer is heard: nothing is told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest

from ledger.limits import STOP_DELIVERIES_SECONDS_MAX
from tests.e2e.book import Book, chartered
from tests.support.database import PostgresServer, TestDatabase
from tests.support.receivers import MailReceiver, WebhookReceiver
from tests.support.statements import ENTERPRISE
from tests.support.waiting import answers, eventually

_BLOCKED = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ledger_service' "
    "AND wait_event_type = 'Lock' AND query LIKE %s"
)
WAYS = ("webhook", "mail")
TABLES = {"webhook": "desk.webhooks", "mail": "desk.outbox"}
SETTLED = {"webhook": "%desk.webhooks SET next_entry%delivered_at%", "mail": "%desk.outbox SET state = 'sent'%"}
CLAIMS = [f"SELECT FROM {table} WHERE claim IS NOT NULL FOR UPDATE" for table in TABLES.values()]
CLAIMED = "%desk.webhooks SET claim%"
ADDRESS = "reader@reader.example"


class Told(NamedTuple):
    """A running service, and who is told by it: a program by webhook, readers by mail."""

    book: Book
    database: TestDatabase
    hook: WebhookReceiver
    mails: MailReceiver

    def said(self, way: str) -> list[tuple[str, bytes]]:
        """What was offered, in order: its id, and its bytes."""
        return [(one.id, one.body) for one in self.hook.told] if way == "webhook" else list(self.mails.offered)

    def bring_about(self) -> None:
        """An entry, and a follow whose confirmation is asked for."""
        number = asked(self, "SELECT count(*) FROM desk.outbox")
        self.book.enterprise(f"local:killed/{self.book.size()}")
        address = {"address": f"{number}.{ADDRESS}"}
        path = f"{self.book.service.url}/e/{ENTERPRISE[5:]}/follow"
        answer = httpx.post(path, data=address, headers={"Origin": self.book.service.url}, timeout=30)
        assert answer.status_code == 200, answer.text
        with psycopg.connect(self.database.superuser) as connection:  # in life nobody asks for so many
            connection.execute("UPDATE desk.follows SET client = address_hash")

    def settled(self) -> bool:
        told = "SELECT next_entry = (SELECT count(*) FROM ledger.entries) FROM desk.webhooks"
        return bool(asked(self, told) and asked(self, "SELECT bool_and(state = 'sent') FROM desk.outbox"))


@pytest.fixture(scope="module")
def told(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("service")
    with postgres_server.database() as database, WebhookReceiver() as hook, MailReceiver() as mails:
        options = "--webhooks-to", "127.0.0.1", *mails.options()
        with chartered(folder, *options, database=database.service) as service, Book(service) as book:
            book.enterprise(ENTERPRISE)
            made = book.http.post("/v1/webhooks", json={"url": hook.url})
            assert made.status_code == 201, made.text
            eventually(lambda: hook.challenges, "it is challenged")
            yield Told(book, database, hook, mails)


def before_they_are_claimed(one: Told) -> None:
    """Whoever locked the outbox would keep the row from being written: it is written, and not due."""
    with due_from(one, 2**40), locked(one, "LOCK TABLE desk.webhooks IN SHARE MODE"):
        waits(one, CLAIMED)
        one.bring_about()
        crash(one, CLAIMED)


def claimed_and_not_answered(one: Told) -> None:
    with held(one):
        one.book.service.kill()


def answered_and_not_written_down(one: Told) -> None:
    with held(one), locked(one, *CLAIMS):
        answer(one)
        crash(one, *SETTLED.values())


def answered_and_the_database_is_lost(one: Told) -> None:
    """For a moment; the service goes on."""
    with held(one), locked(one, *CLAIMS):
        answer(one)
        cut(one, *SETTLED.values())
    eventually(one.settled, "it is written down once the database is there")
    one.book.service.kill()


def told_to_stop_before_the_answer(one: Told) -> None:
    with held(one):
        stopping = Thread(target=one.book.service.stop)
        stopping.start()
        eventually(lambda: not answers(f"{one.book.service.url}/healthz"), "it takes no more requests")
        time.sleep(STOP_DELIVERIES_SECONDS_MAX / 2)  # by now it does nothing but wait for them
    stopping.join()


def written_down(one: Told) -> None:
    one.bring_about()
    eventually(one.settled, "it is written down")
    one.book.service.kill()


@pytest.mark.parametrize(
    ("point", "repeats"),
    [
        pytest.param(before_they_are_claimed, 0, id="unclaimed", marks=pytest.mark.slow),
        pytest.param(claimed_and_not_answered, 1, id="unanswered"),  # the first was not answered
        pytest.param(answered_and_not_written_down, 1, id="unheard"),  # it was, and nobody heard
        pytest.param(answered_and_the_database_is_lost, 0, id="database"),
        pytest.param(told_to_stop_before_the_answer, 0, id="stopped"),
        pytest.param(written_down, 0, id="settled", marks=pytest.mark.slow),
    ],
)
def test_what_was_to_be_told_is_told_whenever_the_service_is_killed(
    told: Told, point: Callable[[Told], None], repeats: int
) -> None:
    before = {way: len(told.said(way)) for way in WAYS}
    point(told)
    overdue(told)
    told.book.service.start()
    eventually(told.settled, f"it is told; the service says in {told.book.service.log}")
    said = {way: told.said(way)[before[way] :] for way in WAYS}
    for way in WAYS:
        assert len(said[way]) == 1 + repeats and len(set(said[way])) == 1, (
            "once more at most, under the same id, with the same bytes"
        )
    told.bring_about()  # what comes later is told after it, and it is not told again
    eventually(lambda: all(len(told.said(way)) > before[way] + 1 + repeats for way in WAYS), "the next ones")
    eventually(told.settled, "the next ones")
    for way in WAYS:
        (_,) = set(told.said(way)[before[way] + 1 + repeats :])
        assert told.said(way)[before[way] : before[way] + 1 + repeats] == said[way]


@contextmanager
def held(one: Told) -> Iterator[None]:
    """Both are being told, and neither answers before the end."""
    gates = one.hook.gate, one.mails.gate
    for gate in gates:
        gate.close()
    one.bring_about()
    for gate in gates:
        assert gate.held.wait(100), "it is being told"
    yield
    for gate in gates:
        gate.open()


@contextmanager
def due_from(one: Told, at: int) -> Iterator[None]:
    """Mails that are written meanwhile are due at `at`, and at once in the end."""
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE desk.outbox ALTER due_at SET DEFAULT {at}")
        yield
        connection.execute("ALTER TABLE desk.outbox ALTER due_at SET DEFAULT 0")
        connection.execute("UPDATE desk.outbox SET due_at = 0")


@contextmanager
def locked(one: Told, *locks: str) -> Iterator[None]:
    """Hold locks in a transaction, until the end."""
    with psycopg.connect(one.database.superuser) as connection:
        for lock in locks:
            connection.execute(lock)
        yield
        connection.rollback()


def waits(one: Told, query: str) -> None:
    """Until the service waits for a lock that somebody holds, in this query."""
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        eventually(
            lambda: connection.execute(f"SELECT 1 {_BLOCKED}", (query,)).fetchone(), f"{query} waits for the lock"
        )


def answer(one: Told) -> None:
    """Both answer, and that is about to be written down: somebody has locked the rows."""
    one.hook.gate.open()
    one.mails.gate.open()
    for query in SETTLED.values():
        waits(one, query)


def crash(one: Told, *queries: str) -> None:
    """`kill -9`, and the end of the backends that still wait, as of one whose client is seen to be gone."""
    one.book.service.kill()
    cut(one, *queries)
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        for query in queries:
            eventually(
                lambda of=query: not connection.execute(f"SELECT 1 {_BLOCKED}", (of,)).fetchone(), "the backend ends"
            )


def cut(one: Told, *queries: str) -> None:
    """The end of the backends that wait with these queries."""
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        for query in queries:
            connection.execute(f"SELECT pg_terminate_backend(pid) {_BLOCKED}", (query,))


def overdue(one: Told) -> None:
    """The leases end: what the test does not wait for."""
    with psycopg.connect(one.database.superuser) as connection:
        for table in TABLES.values():
            connection.execute(f"UPDATE {table} SET leased_until = 0 WHERE leased_until IS NOT NULL")


def asked(one: Told, query: str) -> Any:
    with psycopg.connect(one.database.superuser, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
