"""The tables of the read models: made by the service itself, thrown away whenever their shape changes.

A set of tables is named by a suffix: none for the one that serves, `_next` for one that a rebuild fills. Nothing here
is worth keeping: every row derives from the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ledger.store.connect import Database, connect, translated
from projections.db.queries import NEXT, SCHEMA
from projections.engine.position import Position
from projections.engine.sections import PARTS

__all__ = [
    "LOCK",
    "NEXT",
    "SHAPE",
    "TABLES",
    "create_tables",
    "drop_tables",
    "index_tables",
    "index_tables_apart",
    "prepare",
    "swap_in",
]

SHAPE: Final = 9  # count up whenever schema.sql or what rows are made of changes: also a version of opencc or pypinyin
_INDEX_MEMORY: Final = "128MB"  # of each of two sessions; enough for PostgreSQL to sort with helpers
# Drawn from tables that are gone. Last: whoever compares both locks them in this order, too.
_NO_PAGES: Final = "TRUNCATE projections.drawn_pages"
LOCK: Final = 0x70726F6A6563  # "projec": held by whoever writes the tables
TABLES: Final = (
    "campaigns",
    "enterprises",
    "event_index",
    "pledge_pages",
    "pledges",
    "progress",
    "sections",
    "standing_changes",
    "standing_due",
    "standing_segments",
    *(table for part in PARTS for table in part.tables),
)


def prepare(conninfo: str) -> bool:
    """Make the tables if they are not there, or of another shape. True if they are empty now: rebuild, or follow on.

    Raises `Unavailable`, `Misconfigured`.
    """
    with connect(conninfo, answer_seconds_max=None) as connection, translated():
        connection.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # until the connection is closed
        fresh = _reshape(connection)
        with Database(conninfo, connections_max=1) as database:
            Position(database).create_table()
        return fresh


def _reshape(connection: Connection[Any]) -> bool:
    with connection.transaction():
        connection.execute(SCHEMA["fixed"])
        shape = connection.execute("SELECT version FROM projections.shape").fetchone()
        if shape is not None and shape[0] == SHAPE:
            return False
        connection.execute("DELETE FROM projections.shape")
        connection.execute("INSERT INTO projections.shape VALUES (%s)", (SHAPE,))
        connection.execute(SQL("DROP TABLE IF EXISTS projections.{}").format(Identifier(Position.TABLE)))
        for suffix in ("", NEXT):
            drop_tables(connection, suffix)
        create_tables(connection, "")
        index_tables(connection, "")
        connection.execute(_NO_PAGES)
        return True


def create_tables(connection: Connection[Any], suffix: str) -> None:
    """Empty tables without indexes, so that they can be filled fast."""
    connection.execute(_of("tables", suffix))
    connection.execute(SQL("INSERT INTO projections.{} VALUES ('1970-01-01')").format(Identifier(f"progress{suffix}")))


def index_tables(connection: Connection[Any], suffix: str) -> None:
    connection.execute(_of("indexes", suffix))


def index_tables_apart(conninfo: str, suffix: str) -> None:
    """As `index_tables`, over two connections at a time: for full tables that nobody else knows yet.

    The table of names, with its grams, takes about as long as all others together. A failure leaves some indexes made.
    """
    names, others = list[str](), list[str]()
    for statement in SCHEMA["indexes"].replace("_set", suffix).split(";"):
        if statement.strip():
            (names if f"projections.enterprises{suffix}" in statement else others).append(statement)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(_index, conninfo, names), pool.submit(_index, conninfo, others)]:
            done.result()


def _index(conninfo: str, statements: Sequence[str]) -> None:
    with translated(), connect(conninfo, answer_seconds_max=None) as connection:
        connection.execute(
            f"SET statement_timeout = 0; SET lock_timeout = 0; SET maintenance_work_mem = '{_INDEX_MEMORY}'"
        )
        for statement in statements:
            connection.execute(SQL(statement))  # from our file


def drop_tables(connection: Connection[Any], suffix: str) -> None:
    for table in TABLES:
        connection.execute(SQL("DROP TABLE IF EXISTS projections.{}").format(Identifier(f"{table}{suffix}")))


def swap_in(connection: Connection[Any]) -> None:
    """Put the tables of the next set in the place of those that serve, within the caller's transaction."""
    drop_tables(connection, "")
    for table in TABLES:
        connection.execute(
            SQL("ALTER TABLE projections.{} RENAME TO {}").format(Identifier(f"{table}{NEXT}"), Identifier(table))
        )
    indexes = connection.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'projections' AND indexname LIKE %s", (f"%\\{NEXT}",)
    ).fetchall()
    for (index,) in indexes:
        connection.execute(
            SQL("ALTER INDEX projections.{} RENAME TO {}").format(
                Identifier(index), Identifier(index.removesuffix(NEXT))
            )
        )
    connection.execute(_NO_PAGES)


def _of(section: str, suffix: str) -> SQL:
    # The file is ours; its only variable is the suffix.
    return SQL(SCHEMA[section].replace("_set", suffix))
