"""The promised versions of PostgreSQL, and poolers: what works does from the first migration to restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli.main import main
from ledger.errors import Misconfigured
from ledger.store.backup import backup
from ledger.store.connect import connect
from ledger.store.database_sessions import require_sessions
from ledger.store.migrate import migrate
from ledger.store.restore import restore
from tests.e2e.book import Book, open_book
from tests.support.database import TestDatabase
from tests.support.debian import PACKAGED, PGBOUNCER, PackagedServer, packaged_server, pgbouncer
from tests.support.statements import ENTERPRISE
from tests.support.waiting import eventually

without_pgbouncer = pytest.mark.skipif(
    PGBOUNCER is None or not PACKAGED, reason="this machine lacks Debian's pgbouncer, or a server for it"
)
EXTERNAL = (
    "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "WHERE a.attstorage = 'e' AND c.relkind = 'r' AND c.relnamespace = 'ledger'::regnamespace ORDER BY 1, 2"
)


def derived(book: Book) -> None:
    """The projections have come to the enterprise."""
    path = f"/v1/enterprises/{ENTERPRISE.removeprefix('uscc:')}/standing"
    eventually(lambda: book.get(path).json()["in_book"], "the enterprise has its row")


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(
            version,
            marks=pytest.mark.skipif(version not in PACKAGED, reason=f"no PostgreSQL {version} of Debian's here"),
        )
        for version in range(15, 19)
    ],
)
def test_a_book_on_a_server_of_a_promised_version_is_whole(
    version: int, database: TestDatabase, tmp_path: Path
) -> None:
    with packaged_server(version) as server:
        migrated = server.conninfo("ledger_migrator")
        assert migrate(migrated)
        assert migrate(migrated) == []
        with connect(migrated) as here, connect(database.admin) as embedded:
            assert here.execute(EXTERNAL).fetchall() == embedded.execute(EXTERNAL).fetchall() != []
        service = server.conninfo("ledger_service")
        with open_book(tmp_path / "service", database=service) as book:
            book.campaign()
            book.enterprise(ENTERPRISE)
            book.pledge(ENTERPRISE, serial=1)
            derived(book)
            assert book.get("/readyz").status_code == 200
        audited = CliRunner().invoke(main, ["audit", "--database", service, "--workers", "0"])
        assert audited.exit_code == 0, audited.output
        backup(service, tmp_path / "copy")
        other = migrated.replace("dbname=ledger", "dbname=other")
        migrate(other)
        assert restore(other, tmp_path / "copy").missing == 0
        again = CliRunner().invoke(main, ["audit", "--database", other, "--workers", "0"])
        assert again.exit_code == 0, again.output


def test_the_server_itself_gives_sessions(database: TestDatabase) -> None:
    require_sessions(database.service)


@pytest.fixture(scope="module")
def pooled_server() -> Iterator[PackagedServer]:
    """A migrated server that a pooler of another system user may reach."""
    with packaged_server(min(PACKAGED)) as server:
        migrate(server.conninfo("ledger_migrator"))
        yield server


@without_pgbouncer
def test_a_pooler_that_shares_sessions_by_transaction_is_refused_with_what_is_needed(
    pooled_server: PackagedServer, tmp_path: Path
) -> None:
    with pgbouncer(pooled_server.conninfo("ledger_service"), "transaction") as pooled:
        with pytest.raises(Misconfigured, match="pool_mode = session"):
            require_sessions(pooled)
        with pytest.raises(RuntimeError, match="pool_mode = session"), open_book(tmp_path / "one", database=pooled):
            pass


@without_pgbouncer
def test_a_book_behind_a_pooler_that_gives_sessions_is_kept(pooled_server: PackagedServer, tmp_path: Path) -> None:
    with (
        pgbouncer(pooled_server.conninfo("ledger_service"), "session") as pooled,
        open_book(tmp_path / "service", database=pooled) as book,
    ):
        book.enterprise(ENTERPRISE)
        derived(book)
