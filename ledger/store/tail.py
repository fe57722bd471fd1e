"""Waiting for the log to grow: LISTEN, and a poll besides, since a notification can be missed.

A standby takes no LISTEN: there it is a poll alone, of one index access, until the server is promoted.
"""

from __future__ import annotations

import threading
from typing import Any

import psycopg
from psycopg import Connection

from ledger.errors import LedgerError
from ledger.limits import DATABASE_POLL_SECONDS, STANDBY_POLL_SECONDS
from ledger.store.connect import connect
from ledger.store.queries import QUERIES
from ledger.store.recorder import CHANNEL

__all__ = ["Tail"]


class Tail:
    """One listening connection and thread for all waiters of a process, started with the first of them."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._grown = threading.Condition()
        self._size = 0
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def wait_for(self, size: int, timeout: float) -> int:
        """Block until the tree has at least `size` leaves or `timeout` seconds passed; the size last seen."""
        with self._grown:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="ledger-tail", daemon=True)
                self._thread.start()
            self._grown.wait_for(lambda: self._size >= size or self._closed.is_set(), timeout)
            return self._size

    def saw(self, size: int) -> None:
        """Take note of a size that is known to be committed."""
        with self._grown:
            if size > self._size:
                self._size = size
                self._grown.notify_all()

    def close(self) -> None:
        self._closed.set()
        with self._grown:
            self._grown.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with connect(self._conninfo) as connection:
                    while not self._closed.is_set() and _on_standby(connection):
                        self.saw(_size(connection))
                        self._closed.wait(STANDBY_POLL_SECONDS)
                    connection.execute(f"LISTEN {CHANNEL}")  # before the first look, so that nothing falls between
                    while not self._closed.is_set():
                        self.saw(_size(connection))
                        for _ in connection.notifies(timeout=DATABASE_POLL_SECONDS, stop_after=1):
                            pass  # the payload is not believed: anybody with a connection can notify
            except (LedgerError, psycopg.Error):
                self._closed.wait(DATABASE_POLL_SECONDS)  # waiters time out meanwhile; the next round reconnects


def _on_standby(connection: Connection[Any]) -> bool:
    row = connection.execute("SELECT pg_is_in_recovery()", prepare=True).fetchone()
    return bool(row and row[0])


def _size(connection: Connection[Any]) -> int:
    row = connection.execute(QUERIES["size"], prepare=True).fetchone()
    return int(row[0]) if row else 0
