"""What may happen to a database has a name and an end: a server that is silent, read-only, or out of something."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import errors

from ledger.errors import Misconfigured, Unavailable
from ledger.limits import DATABASE_ANSWER_SECONDS_MAX
from ledger.store.connect import connect, to_ledger_error
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.support.batches import a_batch, an_entry
from tests.support.database import TestDatabase
from tests.support.waiting import PATIENCE_SECONDS

_BOUND_SECONDS = 1.0


@contextmanager
def standing_still(data_dir: Path) -> Iterator[None]:
    """The server of a folder takes bytes and gives none."""
    postmaster = psutil.Process(int((data_dir / "pg" / "postmaster.pid").read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGCONT)


def test_a_server_that_stands_still_is_given_up_and_used_again_when_it_goes_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.store.connect.BoundedConnection.answer_seconds_max", _BOUND_SECONDS)
    monkeypatch.setattr("ledger.store.postgres.DATABASE_ANSWER_SECONDS_MAX", _BOUND_SECONDS)
    with EmbeddedPostgres(data_dir) as embedded, PostgresStore.open(embedded.service_conninfo) as store:
        store.append(a_batch(0, [an_entry(version=1)]))
        assert store.latest() is not None
        with standing_still(data_dir):
            for ask in (store.latest, lambda: store.append(a_batch(1, [an_entry(version=2)]))):
                begun = time.monotonic()
                with pytest.raises(Unavailable) as told:
                    ask()
                assert time.monotonic() - begun < DATABASE_ANSWER_SECONDS_MAX, "the bound above, not the usual one"
                assert told.value.unsettled
        found = store.latest()
        assert found is not None
        if found.tree_size == 1:  # what it had been sent it may have done: nobody was told
            store.append(a_batch(1, [an_entry(version=2)]))
        assert [row.version for row in store.entries(0, 9)] == [1, 2]


@pytest.mark.parametrize(
    ("error", "unsettled"),
    [
        (errors.ReadOnlySqlTransaction, False),
        (errors.CannotConnectNow, True),
        (errors.AdminShutdown, True),
        (errors.CrashShutdown, True),
        (errors.DiskFull, False),
        (errors.OutOfMemory, False),
        (errors.TooManyConnections, False),
        (errors.IoError, False),
        (errors.QueryCanceled, False),
        (errors.LockNotAvailable, False),
        (errors.ConnectionFailure, True),
        (errors.StatementCompletionUnknown, True),
        (errors.DataCorrupted, False),
        (errors.TransactionTimeout, False),
    ],
)
def test_what_passes_is_unavailable_and_says_whether_it_may_have_committed(
    error: type[psycopg.Error], unsettled: bool
) -> None:
    told = to_ledger_error(error("said by the server"))
    assert isinstance(told, Unavailable)
    assert told.unsettled is unsettled
    assert error.sqlstate is not None
    assert error.sqlstate in str(told)


@pytest.mark.parametrize(
    "error", [errors.UndefinedTable, errors.InsufficientPrivilege, errors.ProgramLimitExceeded, errors.NotNullViolation]
)
def test_what_does_not_pass_wants_an_operator(error: type[psycopg.Error]) -> None:
    assert isinstance(to_ledger_error(error("said by the server")), Misconfigured)


def test_a_read_only_server_is_a_condition_that_passes(store: PostgresStore, database: TestDatabase) -> None:
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        with pytest.raises(Unavailable, match="25006") as told:
            store.append(a_batch(0, [an_entry()]))
        assert not told.value.unsettled
        connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    store.append(a_batch(0, [an_entry()]))


def test_a_statement_without_end_ends_at_the_client(database: TestDatabase) -> None:
    with connect(database.service, answer_seconds_max=0.3) as connection:
        connection.execute("SET statement_timeout = 0")
        begun = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="no answer within"):
            connection.execute("SELECT pg_sleep(100)")
        assert time.monotonic() - begun < PATIENCE_SECONDS / 2
        assert connection.closed
