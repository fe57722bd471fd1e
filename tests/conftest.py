"""Fixtures that many suites share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ledger.store.postgres import PostgresStore
from tests.support.database import PostgresServer, TestDatabase, data_folder, memory_folder
from tests.support.database import postgres_server as running_server
from tests.support.run_clock import BEGIN, moment, move_to

# A run decides on a change only if it would decide the same again, on a slower machine as well. New examples are
# looked for on purpose: `--hypothesis-profile=search`, as often as one likes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("gate", settings.get_profile("patient"), derandomize=True, database=None)
settings.register_profile("search", settings.get_profile("patient"), derandomize=False)
settings.load_profile("gate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--begin", type=moment, default=BEGIN, help="the moment of the run, such as 2027-12-31T23:59:40+08:00"
    )
    parser.addoption("--search-seconds", type=int, default=600, help="how long searches go on that end by time")


def pytest_configure(config: pytest.Config) -> None:
    # Temporary folders in memory, too: services and mirrors wait for a disk at every batch and every file.
    if (memory := memory_folder()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    if not hasattr(config, "workerinput"):  # a worker of pytest-xdist was started on the moved clock
        move_to(config.getoption("--begin"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are cores: nearly a third of the run is waiting, for deadlines and servers.

    Unit tests (`-n logical`) wait for nothing, and every worker more imports and collects all of them.
    """
    cores = len(os.sched_getaffinity(0))
    return cores if config.getoption("numprocesses") == "logical" else cores + cores // 2


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
