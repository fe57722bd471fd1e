"""One running service for each module, on a database of its own on the session's PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.book import Book, open_book
from tests.support.database import PostgresServer, TestDatabase


@pytest.fixture(scope="module")
def books_database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    """The database under `book`, for looking into it."""
    with postgres_server.database() as database:
        yield database


@pytest.fixture(scope="module")
def book(books_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The service with the test charter, shared by the tests of a module: they use subjects of their own."""
    folder: Path = tmp_path_factory.mktemp("service")
    with open_book(folder, database=books_database.service) as book:
        yield book
