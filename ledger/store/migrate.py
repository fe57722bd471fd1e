"""Schema changes: numbered files, applied once, in order, by the schema's owner."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ledger.errors import Misconfigured
from ledger.store.connect import connect, translated

__all__ = ["SERVICE_ROLE", "Migration", "has_schema", "migrate", "shipped"]

SERVICE_ROLE: Final = "ledger_service"
_LOCK: Final = 0x6C6564676572  # "ledger"
_NAME: Final = re.compile(r"([0-9]{4})_([a-z0-9_]+)\.sql")
_TABLE = """
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


_STORAGE_IN_TABLE_FROM: Final = 160_000
_TABLE_MADE: Final = re.compile(r"^CREATE TABLE (\S+) \(.*?^\);", re.MULTILINE | re.DOTALL)
_STORED_COLUMN: Final = re.compile(r"\b(\w+) bytea STORAGE EXTERNAL\b")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file `NNNN_name.sql`; `sha256` in hexadecimal over its text."""

    number: int
    name: str
    text: str
    sha256: str


def shipped() -> list[Migration]:
    """The migrations of this release, in order."""
    found = []
    for file in files("ledger.store").joinpath("migrations").iterdir():
        if match := _NAME.fullmatch(file.name):
            text = file.read_text("utf-8")
            found.append(Migration(int(match[1]), match[2], text, hashlib.sha256(text.encode()).hexdigest()))
    return sorted(found, key=lambda migration: migration.number)


def migrate(admin_conninfo: str, service_role: str = SERVICE_ROLE) -> list[Migration]:
    """Apply what has not been applied, each file in a transaction of its own; those that were applied now.

    The admin's role becomes the owner of the schema `ledger`; it must be allowed to create schemas in the
    database and be a member of the service's role (to give it the schema `projections`).
    Raises `Misconfigured` if the database holds a migration that this release does not know, or knows with
    another text; `Unavailable`. Two runs at once wait for each other.
    """
    with connect(admin_conninfo, answer_seconds_max=None) as connection, translated():
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_TABLE)
        pending = _pending(connection)
        for migration in pending:
            with connection.transaction():
                connection.execute(_script(migration.text, service_role, connection.info.server_version))
                connection.execute(
                    "INSERT INTO ledger.migrations (number, name, sha256) VALUES (%s, %s, %s)",
                    (migration.number, migration.name, migration.sha256),
                )
        return pending


def has_schema(conninfo: str) -> bool:
    """Whether the database has had any migration. Raises `Unavailable`."""
    with connect(conninfo) as connection, translated():
        row = connection.execute("SELECT to_regclass('ledger.migrations') IS NOT NULL").fetchone()
        return row is not None and bool(row[0])


def _script(text: str, service_role: str, server_version: int) -> SQL:
    # The files are ours; their only variable is the role that gets the rights.
    if server_version < _STORAGE_IN_TABLE_FROM:
        text = _storage_apart(text)
    return SQL(text.replace('"service_role"', Identifier(service_role).as_string()))


def _storage_apart(text: str) -> str:
    """The same for PostgreSQL 15, which takes a column's storage in a statement of its own only."""
    apart: list[str] = []

    def table(found: re.Match[str]) -> str:
        name = found[1]
        columns = _STORED_COLUMN.findall(found[0])
        apart.extend(f"ALTER TABLE {name} ALTER COLUMN {column} SET STORAGE EXTERNAL;" for column in columns)
        return _STORED_COLUMN.sub(r"\1 bytea", found[0])

    return "\n".join([_TABLE_MADE.sub(table, text), *apart])


def _pending(connection: Connection[Any]) -> list[Migration]:
    known = {migration.number: migration for migration in shipped()}
    rows = connection.execute("SELECT number, name, sha256 FROM ledger.migrations ORDER BY number").fetchall()
    for number, name, digest in rows:
        if number not in known:
            raise Misconfigured(f"the database has migration {number:04}_{name}, which this release does not know")
        if known[number].sha256 != digest:
            raise Misconfigured(f"migration {number:04}_{name} was applied with another text than this release's")
    applied = {row[0] for row in rows}
    return [migration for number, migration in sorted(known.items()) if number not in applied]
