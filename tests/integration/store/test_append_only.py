"""Append-only is a grant and a trigger: what the service's role, and its owner by mistake, cannot do."""

from __future__ import annotations

from hashlib import sha256

import psycopg
import pytest
from msgspec.structs import replace

from ledger.errors import Misconfigured
from ledger.store.annexes import NamedAnnex
from ledger.store.connect import connect
from ledger.store.contract import Fact, Tile
from ledger.store.cosignatures import CosignatureRow
from ledger.store.durability import check_durable
from ledger.store.postgres import PostgresStore
from tests.support.batches import NOW, a_batch, an_entry, sealed
from tests.support.database import TestDatabase

APPEND_ONLY = {
    "entries": "originator_version",
    "checkpoints": "recorded_at",
    "tiles": "number",
    "unique_facts": "leaf_index",
    "annexes": "leaf_index",
    "cosignatures": "signature",
}


@pytest.fixture
def book(database: TestDatabase, store: PostgresStore) -> TestDatabase:
    annex = NamedAnnex(sha256(b"annex").digest(), "text/plain")
    store.annexes.hold(annex.digest, b"annex", annex.media_type, NOW)
    entries = [replace(sealed(an_entry(facts=[Fact("cti", "a")]), b"body"), annexes=(annex,))]
    store.append(a_batch(0, entries, [Tile(0, 0, bytes(8192))]))
    store.cosignatures.keep(CosignatureRow(1, "witness.example/w", bytes(4), b"signature"))
    return database


def commands(table: str) -> list[str]:
    column = APPEND_ONLY[table]
    return [
        f"UPDATE ledger.{table} SET {column} = {column}",
        f"DELETE FROM ledger.{table}",
        f"TRUNCATE ledger.{table} CASCADE",
    ]


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_service_cannot_change_what_is_written(book: TestDatabase, table: str) -> None:
    with connect(book.service) as connection:
        for command in [
            *commands(table),
            f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL",
            f"ALTER TABLE ledger.{table} DISABLE TRIGGER append_only",
            f"DROP TRIGGER append_only ON ledger.{table}",
            f"CREATE TRIGGER mine BEFORE INSERT ON ledger.{table} EXECUTE FUNCTION ledger.refuse_change()",
            f"ALTER TABLE ledger.{table} ADD COLUMN mine text",
            f"DROP TABLE ledger.{table} CASCADE",
            f"ALTER TABLE ledger.{table} OWNER TO ledger_service",
            "SET session_replication_role = replica",
            "SET ROLE ledger_migrator",
            "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "DROP SCHEMA ledger CASCADE",
            "CREATE TABLE ledger.mine (a int)",
            "DELETE FROM ledger.migrations",
        ]:
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(command)
            assert isinstance(refused.value, psycopg.errors.InsufficientPrivilege), command
        # Without the right to grant, PostgreSQL warns and grants nothing.
        connection.execute(f"GRANT ALL ON ledger.{table} TO ledger_service")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"DELETE FROM ledger.{table}")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("role", ["admin", "superuser"])
def test_not_even_the_owner_changes_what_is_written_by_mistake(book: TestDatabase, table: str, role: str) -> None:
    with connect(getattr(book, role)) as connection:
        for command in commands(table):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is append-only"):
                connection.execute(command)


def test_a_body_in_the_vault_can_be_erased_and_nothing_else(book: TestDatabase) -> None:
    for conninfo in (book.service, book.admin):
        with connect(conninfo) as connection:
            for command in (
                "UPDATE ledger.vault SET body = 'other'",
                "UPDATE ledger.vault SET public = NOT public",
                "UPDATE ledger.vault SET leaf_index = 7",
                "DELETE FROM ledger.vault",
                "TRUNCATE ledger.vault",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(command)


def test_an_erased_body_stays_erased(book: TestDatabase, store: PostgresStore) -> None:
    store.erase_body(0)
    with connect(book.service) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="can be erased, not changed"):
            connection.execute("UPDATE ledger.vault SET body = 'body'")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                "INSERT INTO ledger.vault SELECT leaf_index, commitment, 'body', public FROM ledger.vault"
            )
    assert store.body(0) is None


def test_a_chain_of_checkpoints_has_no_fork_and_no_gap(book: TestDatabase) -> None:
    insert = "INSERT INTO ledger.checkpoints VALUES (%s, %s, DEFAULT, %s, 1, '', '', '')"
    with connect(book.service) as connection:
        for size, previous, error in (
            (5, 0, psycopg.errors.UniqueViolation),  # another first checkpoint
            (5, 3, psycopg.errors.ForeignKeyViolation),  # after a size that was never signed
            (1, 1, psycopg.errors.IntegrityError),  # no growth
            (0, 1, psycopg.errors.CheckViolation),  # backwards
        ):
            with pytest.raises(error):
                connection.execute(insert, (size, previous, bytes(32)))


def test_the_service_may_make_tables_in_the_schema_of_projections_only(book: TestDatabase) -> None:
    with connect(book.service) as connection:
        connection.execute("CREATE TABLE projections.view (a int)")
        connection.execute("DROP TABLE projections.view")
        for schema in ("ledger", "desk", "public"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"CREATE TABLE {schema}.view (a int)")


def test_a_server_that_keeps_its_word_and_a_role_without_power_pass(store: PostgresStore) -> None:
    store.check_durable()


@pytest.mark.parametrize(
    ("role", "why"),
    [("admin", "owns the book's tables"), ("superuser", "is a superuser")],
)
def test_serving_as_owner_or_superuser_is_refused(book: TestDatabase, role: str, why: str) -> None:
    with PostgresStore.open(getattr(book, role)) as store, pytest.raises(Misconfigured, match=why):
        store.check_durable()


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_serving_without_durable_commits_is_refused(book: TestDatabase, setting: str) -> None:
    with connect(book.service) as connection:
        connection.execute(f"SET {setting} = off")
        with pytest.raises(Misconfigured, match=f"{setting} is off"):
            check_durable(connection)


def test_serving_with_rights_to_change_entries_is_refused(book: TestDatabase, store: PostgresStore) -> None:
    with connect(book.admin) as connection:
        connection.execute("GRANT UPDATE ON ledger.tiles TO ledger_service")
    with pytest.raises(Misconfigured, match="may change or delete"):
        store.check_durable()


def test_serving_without_the_triggers_is_refused(book: TestDatabase, store: PostgresStore) -> None:
    with connect(book.admin) as connection:
        connection.execute("ALTER TABLE ledger.entries DISABLE TRIGGER append_only")
    with pytest.raises(Misconfigured, match="missing or disabled"):
        store.check_durable()
