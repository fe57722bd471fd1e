"""Schema changes: applied once, in order, and only those that this release knows."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ledger.errors import Misconfigured
from ledger.store import migrate as module
from ledger.store.connect import connect
from ledger.store.migrate import Migration, migrate, shipped
from tests.support.database import PostgresServer, TestDatabase


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    with postgres_server.database(empty=True) as database:
        yield database


def test_a_database_is_migrated_once(empty: TestDatabase) -> None:
    assert [migration.number for migration in migrate(empty.admin)] == [migration.number for migration in shipped()]
    assert migrate(empty.admin) == []
    with connect(empty.service) as connection:
        rows = connection.execute("SELECT number, name, sha256 FROM ledger.migrations ORDER BY number").fetchall()
    assert rows == [(migration.number, migration.name, migration.sha256) for migration in shipped()]


def test_two_runs_at_once_wait_for_each_other(empty: TestDatabase) -> None:
    applied: list[int] = []
    threads = [threading.Thread(target=lambda: applied.append(len(migrate(empty.admin)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [0, 0, len(shipped())]


def test_the_service_role_can_have_another_name(empty: TestDatabase) -> None:
    with connect(empty.superuser) as connection:
        connection.execute('CREATE ROLE "other ""role" LOGIN')
        try:
            connection.execute('GRANT "other ""role" TO ledger_migrator')
            migrate(empty.admin, 'other "role')
            row = connection.execute(
                "SELECT has_table_privilege('other \"role', 'ledger.entries', 'INSERT'), "
                "has_table_privilege('ledger_service', 'ledger.entries', 'INSERT')"
            ).fetchone()
            assert row == (True, False)
        finally:
            connection.execute('DROP OWNED BY "other ""role"; DROP ROLE "other ""role"')


def test_numbers_are_without_gaps_from_one() -> None:
    assert [migration.number for migration in shipped()] == list(range(1, len(shipped()) + 1))


def test_a_migration_that_was_edited_afterwards_is_refused(database: TestDatabase) -> None:
    with connect(database.admin) as connection:
        connection.execute("UPDATE ledger.migrations SET sha256 = 'other' WHERE number = 2")
    with pytest.raises(Misconfigured, match="0002_vault was applied with another text"):
        migrate(database.admin)


def test_a_database_of_a_newer_release_is_refused(database: TestDatabase) -> None:
    with connect(database.admin) as connection:
        connection.execute("INSERT INTO ledger.migrations VALUES (9999, 'future', 'x')")
    with pytest.raises(Misconfigured, match="9999_future, which this release does not know"):
        migrate(database.admin)


def test_a_migration_that_fails_leaves_nothing_of_itself(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(9000, "broken", "CREATE TABLE ledger.half (a int); SELECT 1 / 0", "digest")
    monkeypatch.setattr(module, "shipped", lambda: [*shipped(), broken])
    with pytest.raises(Misconfigured, match="division by zero"):
        migrate(database.admin)
    with connect(database.admin) as connection:
        assert connection.execute("SELECT to_regclass('ledger.half')").fetchone() == (None,)
        assert connection.execute("SELECT max(number) FROM ledger.migrations").fetchone() == (len(shipped()),)
