"""One small book with read models, for audits and rebuilds by any engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.database import PostgresServer, TestDatabase
from tests.support.live_book import LiveBook, book_with_everything


@pytest.fixture(scope="module")
def module_database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database() as database:
        yield database


@pytest.fixture(scope="module")
def live(module_database: TestDatabase) -> Iterator[LiveBook]:
    with book_with_everything(module_database, entries=300) as book:
        yield book
