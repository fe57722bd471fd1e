"""Connections: their settings, the pool for reading, and the mapping of the driver's errors to ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg import Connection, conninfo, errors
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from ledger.errors import LedgerError, Misconfigured, Unavailable
from ledger.limits import (
    DATABASE_CONNECT_SECONDS_MAX,
    DATABASE_CONNECTIONS_MAX,
    DATABASE_LOCK_MS_MAX,
    DATABASE_STATEMENT_MS_MAX,
)
from ledger.store import array_parameters as arrays
from ledger.store.queries import QUERIES

__all__ = ["Database", "Params", "connect", "to_ledger_error", "translated"]

Params = Sequence[Any] | Mapping[str, Any]

_SETTINGS = (
    f"SET statement_timeout = {DATABASE_STATEMENT_MS_MAX}; SET lock_timeout = {DATABASE_LOCK_MS_MAX}; "
    f"SET idle_in_transaction_session_timeout = {DATABASE_STATEMENT_MS_MAX}; SET jit = off"
)


def to_ledger_error(error: psycopg.Error) -> LedgerError:
    """The driver's error as one of ours: out of reach or out of time is `Unavailable`, the rest `Misconfigured`."""
    if isinstance(error, errors.ProgramLimitExceeded):  # "operational" to the driver, but waiting will not help
        return Misconfigured(f"database: {error}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout | PoolClosed):
        return Unavailable(f"database: {error}")
    return Misconfigured(f"database: {error}")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as `LedgerError`."""
    try:
        yield
    except psycopg.Error as error:
        raise to_ledger_error(error) from error


def configure(connection: Connection[Any]) -> None:
    """Autocommit, time limits, and parameters of fixed types."""
    connection.autocommit = True
    connection.execute(_SETTINGS)
    arrays.register(connection)


def _parameters(database: str) -> str:
    """The connection string with our defaults for what it leaves open."""
    given = conninfo.conninfo_to_dict(database)
    defaults = {"connect_timeout": str(DATABASE_CONNECT_SECONDS_MAX), "application_name": "credit-ledger"}
    return conninfo.make_conninfo(database, **{key: value for key, value in defaults.items() if key not in given})


def connect(database: str) -> Connection[tuple[Any, ...]]:
    """One connection of its own, in autocommit mode. Raises `Unavailable`, `Misconfigured`."""
    with translated():
        connection = psycopg.connect(_parameters(database), autocommit=True)
        configure(connection)
        return connection


class Database:
    """A pool of connections and the named statements run on it. Thread-safe. Make it after a fork, not before.

    Every method raises `Unavailable` when the database is out of reach or too slow, `Misconfigured` when it
    refuses what is asked. Statements are prepared once in each connection; results come in binary.
    """

    def __init__(self, database: str, *, connections_max: int = DATABASE_CONNECTIONS_MAX) -> None:
        self.conninfo = database
        with translated():
            self.pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
                _parameters(database),
                connection_class=Connection[DictRow],
                kwargs={"autocommit": True, "row_factory": dict_row},
                configure=configure,
                min_size=1,
                max_size=connections_max,
                timeout=DATABASE_CONNECT_SECONDS_MAX,
                reconnect_timeout=DATABASE_CONNECT_SECONDS_MAX,
                open=False,
            )
            self.pool.open(wait=True, timeout=DATABASE_CONNECT_SECONDS_MAX)

    def fetch(self, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """All rows of the named statement, which must not change anything.

        It is asked again, once, if the connection turns out to be dead: after a restart of the server every
        pooled connection is.
        """
        try:
            return self._fetch(name, params)
        except psycopg.OperationalError as error:
            if not _connection_lost(error):
                raise to_ledger_error(error) from error
            self._renew()
        except psycopg.Error as error:
            raise to_ledger_error(error) from error
        with translated():
            return self._fetch(name, params)

    def execute(self, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a named statement that changes something, in a transaction of its own; the rows it returns."""
        with translated():
            return self._fetch(name, params)

    def _fetch(self, name: str, params: Params) -> list[tuple[Any, ...]]:
        with (
            self.pool.connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            cursor.execute(QUERIES[name], params, prepare=True)
            return cursor.fetchall() if cursor.description else []

    def _renew(self) -> None:
        with translated():
            self.pool.check()

    def close(self) -> None:
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connection_lost(error: psycopg.OperationalError) -> bool:
    """Whether the server went away, rather than answered with an error (57P…: it is being shut down)."""
    if error.sqlstate is None:
        return not isinstance(error, PoolTimeout)
    return error.sqlstate.startswith("57P0")
