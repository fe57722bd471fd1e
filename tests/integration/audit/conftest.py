"""One small book with everything in it, for all tests of this folder: what they change they roll back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Connection

from api.auditing.drill import Drilling
from ledger.verifier.trust import Trust
from tests.support.database import PostgresServer, TestDatabase
from tests.support.forging import superuser
from tests.support.live_book import WITNESSES, LiveBook, book_with_everything, trust_of
from tests.support.witnesses import policy_text


@pytest.fixture(scope="session")
def audited_database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database() as database:
        yield database


@pytest.fixture(scope="session")
def live(audited_database: TestDatabase) -> Iterator[LiveBook]:
    with book_with_everything(audited_database, entries=300) as book:
        yield book


@pytest.fixture(scope="session")
def trust(live: LiveBook) -> Trust:
    return trust_of(live.store, policy_text(*WITNESSES))


@pytest.fixture
def forged(live: LiveBook, trust: Trust) -> Iterator[Drilling]:
    """A connection on which anything can be done to the book, and is undone at the end of the test."""
    with superuser(live.database) as connection, _undone(connection):
        yield Drilling(connection, trust)


@contextmanager
def _undone(connection: Connection[Any]) -> Iterator[None]:
    with connection.transaction(force_rollback=True):
        yield
