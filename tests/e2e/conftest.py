"""One running service for each module, on a database of its own on the session's PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.book import Book, open_book
from tests.support.database import PostgresServer


@pytest.fixture(scope="module")
def book(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The service with the test charter, shared by the tests of a module: they use subjects of their own."""
    folder: Path = tmp_path_factory.mktemp("service")
    with postgres_server.database() as database, open_book(folder, database=database.service) as book:
        yield book
