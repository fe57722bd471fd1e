"""Connections: their settings, the pool for reading, and the mapping of the driver's errors to ours.

Every wait has a deadline, twice: the server is told one, and the client has one of its own, since a server that stands
still, or a network that swallows, tells nobody anything. A connection that was given up is closed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import psycopg
from psycopg import AsyncConnection, Connection, conninfo, errors
from psycopg.abc import RV, PQGen
from psycopg.rows import DictRow, Row, dict_row, tuple_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from ledger.errors import LedgerError, Misconfigured, Unavailable
from ledger.limits import (
    DATABASE_ANSWER_SECONDS_MAX,
    DATABASE_CONNECT_SECONDS_MAX,
    DATABASE_CONNECTIONS_MAX,
    DATABASE_KEEPALIVE_SECONDS,
    DATABASE_KEEPALIVES_MAX,
    DATABASE_LOCK_MS_MAX,
    DATABASE_SOCKET_MS_MAX,
    DATABASE_STATEMENT_MS_MAX,
)
from ledger.store import array_parameters as arrays
from ledger.store.queries import QUERIES

__all__ = [
    "BoundedAsyncConnection",
    "BoundedConnection",
    "Database",
    "Params",
    "Unanswered",
    "connect",
    "parameters",
    "to_ledger_error",
    "translated",
]

_INTERVAL_SECONDS: Final = 0.1  # after which the driver looks for signals

Params = Sequence[Any] | Mapping[str, Any]

_SETTINGS = (
    f"SET statement_timeout = {DATABASE_STATEMENT_MS_MAX}; SET lock_timeout = {DATABASE_LOCK_MS_MAX}; "
    f"SET idle_in_transaction_session_timeout = {DATABASE_STATEMENT_MS_MAX}; SET jit = off"
)


# SQLSTATE, or its beginning (PostgreSQL, Appendix A) → what it means for who waits. Trying again later may help with
# all of these; what is not listed is a fault of what was asked, or of how the database is set up.
_PASSING: Final[tuple[tuple[str, str], ...]] = (
    ("08", "the connection is lost"),
    ("57P03", "the server is starting up"),
    ("57P", "the server is shutting down"),
    ("57014", "the statement took too long"),
    ("25006", "the server is read-only: is it a replica?"),
    ("25P03", "the connection was idle for too long"),
    ("25P04", "the transaction took too long"),
    ("40", "another transaction was in the way"),
    ("53100", "the server's disk is full"),
    ("53200", "the server is out of memory"),
    ("53300", "the server has no connection left"),
    ("53", "the server is out of resources"),
    ("55P03", "a lock was held for too long"),
    ("58", "the server's operating system failed"),
    ("XX001", "the server found its data damaged"),
    ("XX002", "the server found an index damaged"),
)
_UNSETTLED: Final = ("08", "57P", "40003")  # the transaction may have committed all the same
# A statement that this connection prepared is not there, or is there already: its session is another one.
_OTHER_SESSION: Final = ("26000", "42P05")


class Unanswered(psycopg.OperationalError):
    """The server said nothing for `DATABASE_ANSWER_SECONDS_MAX`; the connection is closed."""


class BoundedConnection(Connection[Row]):
    """A connection whose every wait ends. `answer_seconds_max` None: for statements that take as long as they take."""

    answer_seconds_max: float | None = DATABASE_ANSWER_SECONDS_MAX

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL_SECONDS, timeout: float | None = None) -> RV:
        """As the driver's; where it has no deadline of its own, ours. Raises `Unanswered`."""
        if timeout is not None or self.answer_seconds_max is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_seconds_max)
        except errors._WaitTimeout:  # the driver's waits have a timeout for callers that know what to do with it
            self.pgconn.finish()
            raise Unanswered(f"no answer within {self.answer_seconds_max} s") from None


class BoundedAsyncConnection(AsyncConnection[Row]):
    """The same in an event loop."""

    async def wait(  # the signature is the driver's
        self,
        gen: PQGen[RV],
        interval: float = _INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> RV:
        """As the driver's; where it has no deadline of its own, ours. Raises `Unanswered`."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, DATABASE_ANSWER_SECONDS_MAX)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise Unanswered(f"no answer within {DATABASE_ANSWER_SECONDS_MAX} s") from None


def to_ledger_error(error: psycopg.Error) -> LedgerError:
    """The driver's error as one of ours, by its SQLSTATE: `Unavailable` for what passes, else `Misconfigured`."""
    state = error.sqlstate
    if state is None:
        if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return Misconfigured(f"database: {error}")
        unavailable = Unavailable(f"database: {error}")
        unavailable.unsettled = not isinstance(error, PoolTimeout | PoolClosed)
        return unavailable
    for beginning, meaning in _PASSING:
        if state.startswith(beginning):
            unavailable = Unavailable(f"database: {meaning} ({state}): {error}")
            unavailable.unsettled = state.startswith(_UNSETTLED)
            return unavailable
    if state in _OTHER_SESSION:
        return Misconfigured(
            f"database: {error}: a pooler that shares sessions by transaction? This product needs pool_mode = session"
        )
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


def parameters(database: str) -> str:
    """The connection string with our defaults for what it leaves open."""
    given = conninfo.conninfo_to_dict(database)
    defaults = {
        "connect_timeout": str(DATABASE_CONNECT_SECONDS_MAX),
        "application_name": "credit-ledger",
        "tcp_user_timeout": str(DATABASE_SOCKET_MS_MAX),
        "keepalives_idle": str(DATABASE_KEEPALIVE_SECONDS),
        "keepalives_interval": str(DATABASE_KEEPALIVE_SECONDS),
        "keepalives_count": str(DATABASE_KEEPALIVES_MAX),
    }
    return conninfo.make_conninfo(database, **{key: value for key, value in defaults.items() if key not in given})


def connect(
    database: str, *, answer_seconds_max: float | None = DATABASE_ANSWER_SECONDS_MAX
) -> Connection[tuple[Any, ...]]:
    """One connection of its own, in autocommit mode. Raises `Unavailable`, `Misconfigured`.

    `answer_seconds_max`: how long each answer is waited for; None for statements that may take hours, which also set
    the server's own limit aside.
    """
    with translated():
        connection: BoundedConnection[tuple[Any, ...]] = BoundedConnection.connect(
            parameters(database), autocommit=True
        )
        connection.answer_seconds_max = answer_seconds_max
        configure(connection)
        return connection


class Database:
    """A pool of connections and the named statements run on it. Thread-safe. Make it after a fork, not before.

    Every method raises `Unavailable` when the database is out of reach or too slow, `Misconfigured` when it
    refuses what is asked. Statements are prepared once in each connection; results come in binary.
    A database that did not answer is asked by one caller at a time until it does: the others are told at once.
    """

    def __init__(self, database: str, *, connections_max: int = DATABASE_CONNECTIONS_MAX) -> None:
        self.conninfo = database
        self._silent = False
        self._asking = threading.Lock()
        with translated():
            self.pool: ConnectionPool[BoundedConnection[DictRow]] = ConnectionPool(
                parameters(database),
                connection_class=BoundedConnection[DictRow],
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
        try:
            return self._fetch(name, params)
        except psycopg.Error as error:
            if error.sqlstate == errors.ReadOnlySqlTransaction.sqlstate:
                self.pool.drain()  # behind the name of the server may be another one by now
            raise to_ledger_error(error) from error

    def _fetch(self, name: str, params: Params) -> list[tuple[Any, ...]]:
        if not self._silent:
            return self._ask(name, params)
        if not self._asking.acquire(blocking=False):
            raise Unanswered("it has not answered before, and is being asked again")
        try:
            return self._ask(name, params)
        finally:
            self._asking.release()

    def _ask(self, name: str, params: Params) -> list[tuple[Any, ...]]:
        try:
            with (
                self.pool.connection() as connection,
                connection.cursor(row_factory=tuple_row, binary=True) as cursor,
            ):
                cursor.execute(QUERIES[name], params, prepare=True)
                rows = cursor.fetchall() if cursor.description else []
        except (Unanswered, PoolTimeout):
            self._silent = True
            raise
        self._silent = False
        return rows

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
        return not isinstance(error, PoolTimeout | Unanswered)
    return error.sqlstate.startswith("57P0")
