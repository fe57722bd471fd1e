"""Reads of the read models: named statements on a pool of connections of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.store.connect import Database, to_ledger_error
from projections.db.queries import QUERIES

__all__ = ["Reading"]


class Reading:
    """Thread-safe. Every view reads through one of these. Raises `Unavailable`, `Misconfigured`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, name: str, params: Mapping[str, Any], *, prepare: bool = True) -> list[tuple[Any, ...]]:
        """All rows of the named statement of `queries.sql`; not `prepare`d: planned anew for its values."""
        try:
            return self._rows(name, params, prepare)
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            self._database.pool.check()  # after a restart of the server every pooled connection is dead
        except psycopg.Error as error:
            raise to_ledger_error(error) from error
        try:
            return self._rows(name, params, prepare)
        except psycopg.Error as error:
            raise to_ledger_error(error) from error

    def row(self, name: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        found = self.rows(name, params)
        return found[0] if found else None

    def _rows(self, name: str, params: Mapping[str, Any], prepare: bool) -> list[tuple[Any, ...]]:
        with (
            self._database.pool.connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            return cursor.execute(QUERIES[name], params, prepare=prepare).fetchall()
