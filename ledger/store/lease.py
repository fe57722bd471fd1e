"""Work that one process at a time does for a database, such as asking witnesses: an advisory lock.

It keeps processes out of each other's way, no more: nothing may be wrong where two believe to hold it.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import psycopg
from psycopg import Connection

from ledger.errors import LedgerError
from ledger.store.connect import connect

__all__ = ["WITNESSES", "Lease"]

WITNESSES: Final = 0x7769746E657373  # "witness"


class Lease:
    """A lock that belongs to this object as long as its connection lives. Thread-safe."""

    def __init__(self, conninfo: str, number: int) -> None:
        self._conninfo = conninfo
        self._number = number
        self._lock = threading.Lock()
        self._connection: Connection[tuple[Any, ...]] | None = None
        self._held = False

    def hold(self) -> bool:
        """Whether the lease is ours now; takes it if nobody has it. A database out of reach: not ours."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = connect(self._conninfo)
                query = "SELECT true" if self._held else "SELECT pg_try_advisory_lock(%s)"
                row = self._connection.execute(query, None if self._held else (self._number,)).fetchone()
                self._held = bool(row and row[0])
            except (psycopg.Error, LedgerError):
                self._drop()
            return self._held

    def close(self) -> None:
        """Give it up."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        self._held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
