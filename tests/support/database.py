"""Real databases for tests: one embedded PostgreSQL for the session, a database of its own for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

from ledger.store.embedded import DATABASE, EmbeddedPostgres

__all__ = ["PostgresServer", "TestDatabase", "data_folder", "memory_folder", "postgres_server"]


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """Connection strings of one migrated, empty book."""

    service: str
    admin: str
    superuser: str

    __test__ = False


class PostgresServer:
    """The session's server: hands out copies of a migrated template."""

    def __init__(self, embedded: EmbeddedPostgres) -> None:
        self.embedded = embedded
        self._numbers = count(1)
        self._control = psycopg.connect(embedded.superuser_conninfo("postgres"), autocommit=True)
        # Nobody may be connected to a template while it is copied.
        self._control.execute(SQL("ALTER DATABASE {} RENAME TO template_ledger").format(Identifier(DATABASE)))

    def copy(self, of: TestDatabase) -> AbstractContextManager[TestDatabase]:
        """A copy of a test's database as it is now, as a backup would be. Nobody may be connected to it."""
        name = conninfo.conninfo_to_dict(of.service)["dbname"]
        assert isinstance(name, str)
        return self.database(template=name)

    @contextmanager
    def database(self, *, empty: bool = False, template: str | None = None) -> Iterator[TestDatabase]:
        """A database for one test, dropped at its end; `empty` leaves out the schema."""
        name = f"test_{next(self._numbers)}"
        template = template or ("template0" if empty else "template_ledger")
        self._control.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} OWNER ledger_migrator").format(Identifier(name), Identifier(template))
        )
        try:
            yield TestDatabase(
                *(
                    conninfo.make_conninfo(base, dbname=name)
                    for base in (
                        self.embedded.service_conninfo,
                        self.embedded.admin_conninfo,
                        self.embedded.superuser_conninfo(name),
                    )
                )
            )
        finally:
            self._control.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def close(self) -> None:
        self._control.close()


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for an embedded PostgreSQL, removed at the end.

    Not below pytest's `tmp_path`: every new pytest run takes the permissions on that away from other users, such as
    the one as which PostgreSQL runs where the tests are run by root.
    """
    folder = Path(tempfile.mkdtemp(prefix="ledger-test-", dir=memory_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory_folder(folder: Path = Path("/dev/shm")) -> Path | None:
    """A folder in memory, if two gigabytes are free there; None, the ordinary place, otherwise."""
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 2 * 1024**3 else None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """An embedded PostgreSQL in a temporary folder, stopped and removed at the end.

    In memory where there is room: its settings are those of the real thing, but to make and drop a database for
    each test means little else than waiting for a disk.
    """
    with data_folder() as folder, EmbeddedPostgres(folder) as embedded:
        server = PostgresServer(embedded)
        try:
            yield server
        finally:
            server.close()
