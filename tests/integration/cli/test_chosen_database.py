"""`migrate`, `backup`, `restore`: on the database that the environment names, or on the data folder's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.postgres import PostgresStore
from tests.integration.cli.conftest import Run
from tests.support.batches import a_batch, an_entry
from tests.support.database import PostgresServer, TestDatabase


@pytest.fixture
def other(postgres_server: PostgresServer) -> Iterator[TestDatabase]:
    """A second migrated, empty book."""
    with postgres_server.database() as found:
        yield found


@pytest.fixture
def two_entries(store: PostgresStore) -> None:
    store.append(a_batch(0, [an_entry("party:root", 1), an_entry("policy", 1)]))


def use(monkeypatch: pytest.MonkeyPatch, database: TestDatabase) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.service)
    monkeypatch.setenv("LEDGER_ADMIN_DATABASE_URL", database.admin)


def test_migrate_applies_once(run: Run, monkeypatch: pytest.MonkeyPatch, postgres_server: PostgresServer) -> None:
    with postgres_server.database(empty=True) as empty:
        use(monkeypatch, empty)
        first, second = run("migrate"), run("migrate")
        assert (first.exit_code, second.exit_code) == (0, 0), first.output
        assert "0001" in first.stdout
        assert "nothing to apply" in second.stdout
        with psycopg.connect(empty.service) as connection:
            assert connection.execute("SELECT count(*) FROM ledger.entries").fetchone() == (0,)


def test_migrate_says_what_it_needs(run: Run) -> None:
    result = run("migrate")
    assert result.exit_code == 2
    assert "LEDGER_ADMIN_DATABASE_URL" in result.stderr


def test_a_database_that_cannot_be_reached_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_ADMIN_DATABASE_URL", "host=/nowhere dbname=ledger")
    result = run("migrate")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("two_entries")
def test_a_backup_is_restored_into_an_empty_book_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, database: TestDatabase, other: TestDatabase
) -> None:
    use(monkeypatch, database)
    made = run("backup", "-o", "book.tar", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["tree_size"] == 2
    assert run("backup", "-o", "book.tar").exit_code == 2  # never overwritten
    assert run("restore", "book.tar").exit_code == 2  # this book is not empty
    use(monkeypatch, other)
    restored = run("restore", "book.tar")
    assert restored.exit_code == 0, restored.output
    assert "2 entries" in restored.stdout
    assert "not compared" in restored.stdout
    with PostgresStore.open(database.service) as old, PostgresStore.open(other.service) as new:
        assert new.entries(0, 10) == old.entries(0, 10)


def test_a_checkpoint_is_not_believed_without_a_trust_file(run: Run) -> None:
    Path("x").write_bytes(b"")
    assert run("restore", "x", "--checkpoint", "x").exit_code == 2


def test_a_backup_of_no_database_makes_none(run: Run) -> None:
    result = run("backup", "-o", "book.tar", "--data-dir", "empty")
    assert result.exit_code == 2
    assert not Path("empty").exists()
    assert not Path("book.tar").exists()


def test_a_command_does_not_mistake_another_database_for_the_one_that_is_meant(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the service's database named and the owner's not, `restore` does not fall back to an embedded one."""
    Path("x").write_bytes(b"")
    monkeypatch.setenv("LEDGER_DATABASE_URL", "dbname=ledger")
    result = run("restore", "x")
    assert result.exit_code == 2
    assert "LEDGER_ADMIN_DATABASE_URL" in result.stderr
    assert not Path("data").exists()


def test_the_data_folders_own_database_is_used_where_none_is_named(run: Run) -> None:
    Path("folder").mkdir()
    with_data = ("--data-dir", "folder")
    with EmbeddedPostgres(Path("folder").resolve()) as server, PostgresStore.open(server.service_conninfo) as store:
        store.append(a_batch(0, [an_entry("party:root", 1), an_entry("policy", 1)]))
        made = run("backup", "-o", "book.tar", *with_data)
    assert made.exit_code == 0, made.output
    assert "2 entries" in made.stdout
    assert run("restore", "book.tar", "--data-dir", "fresh").exit_code == 0
