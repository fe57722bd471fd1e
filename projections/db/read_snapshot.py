"""One state of the read models, of which files of open data are read whole, page by page."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg.rows import tuple_row

from ledger.store.connect import connect, translated
from projections.db.queries import QUERIES

__all__ = ["ReadSnapshot"]


class ReadSnapshot:
    """The read models as they were, at `tree_size`, when this was opened. One thread at a time.

    Holds a connection of its own: use it as a context manager. Raises `Unavailable`, `Misconfigured`.
    """

    def __init__(self, conninfo: str) -> None:
        self._connection: Final = connect(conninfo)
        try:
            with translated():
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = self.rows("progress", {})
        except BaseException:
            self._connection.close()
            raise
        self.tree_size: Final[int] = row[0][0] if row else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def rows(self, name: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the named statement of `queries.sql`."""
        cursor: psycopg.Cursor[tuple[Any, ...]]
        with translated(), self._connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(QUERIES[name], params, prepare=True).fetchall()
