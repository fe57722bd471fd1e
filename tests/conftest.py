"""Fixtures that many suites share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ledger.store.postgres import PostgresStore
from tests.support.database import PostgresServer, TestDatabase, data_folder
from tests.support.database import postgres_server as running_server

# A run decides on a change only if it would decide the same again. New examples are looked for on purpose:
# `--hypothesis-profile=search`, as often as one likes.
settings.register_profile("gate", derandomize=True, database=None, print_blob=True)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One real PostgreSQL for the whole run, started when the first test asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty folder for an embedded PostgreSQL of this test's own."""
    with data_folder() as folder:
        yield folder


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    """Connection strings (`service`, `admin`, `superuser`) of a migrated, empty book of this test's own."""
    with postgres_server.database() as database:
        yield database


@pytest.fixture
def store(database: TestDatabase) -> Iterator[PostgresStore]:
    """The real store on a book of this test's own."""
    with PostgresStore.open(database.service) as store:
        yield store
