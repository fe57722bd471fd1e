"""What a witness remembers, in a file that survives crashes: for each log the newest tree that it cosigned.

SQLite, one row per log, changed inside `BEGIN IMMEDIATE`: between the look and the write nobody else can write, in
this process or another. `synchronous = EXTRA` with a rollback journal: a commit has reached the disk, and so has the
end of its journal, when it returns. The file belongs to one witness and all its keys. It must never be replaced by an
older copy: a witness that has forgotten may cosign a second history. Triggers refuse to go back.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from ledger.errors import Malformed, Misconfigured, Unavailable
from ledger.limits import WITNESS_LOCK_SECONDS_MAX
from ledger.tlog.vkey import VerifierKey
from ledger.witness.cosigning_rules import CosignedHead

__all__ = ["WitnessState"]

_APPLICATION_ID: Final = 0x434C5754  # "CLWT"

_SCHEMA: Final = f"""
PRAGMA application_id = {_APPLICATION_ID};
CREATE TABLE witness (vkey TEXT NOT NULL) STRICT;
CREATE TABLE heads (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    cosigned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER never_back BEFORE UPDATE ON heads
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
CREATE TRIGGER never_forget BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END;
"""


# What is shown to others; nothing is decided by it.
_SHOWN: Final = """
CREATE TABLE IF NOT EXISTS shown (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    note BLOB NOT NULL
) STRICT, WITHOUT ROWID
"""


class WitnessState:
    """One state file. Thread-safe; several processes may share a file. Every method may raise `Unavailable`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, keys: Sequence[VerifierKey]) -> None:
        self.path = path
        self.keys = tuple(keys)
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, *keys: VerifierKey) -> Self:
        """A new file for keys that have never cosigned. Raises `Misconfigured` if the file is there already."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise Misconfigured(f"{path} is there already: a witness's state is made once") from None
        with _translated(path):
            connection = _connect(path)
            # One transaction: a crash before its end leaves an empty file, which `open` refuses.
            connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}")
            connection.executemany("INSERT INTO witness VALUES (?)", [(key.format(),) for key in keys])
            connection.execute("COMMIT")
            connection.execute(_SHOWN)
        return cls(path, connection, keys)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The state of a witness that has worked before. Raises `Misconfigured` if it is not there, or something else.

        A file that is missing is never made anew: that would be a witness without a memory.
        """
        if not path.is_file():
            raise Misconfigured(f"{path} is not there: a witness that lost its state must get a new key (witness init)")
        try:
            connection = _connect(path)
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            rows = connection.execute("SELECT vkey FROM witness ORDER BY rowid").fetchall()
            if application != _APPLICATION_ID or not rows:
                raise Misconfigured(f"{path} is not the state of a witness")
            connection.execute(_SHOWN)  # files of before do not have it
            return cls(path, connection, [VerifierKey.parse(vkey) for (vkey,) in rows])
        except (sqlite3.Error, Malformed) as error:
            raise Misconfigured(f"{path} is not the state of a witness: {error}") from error

    def add_key(self, key: VerifierKey) -> None:
        """A further key that has never cosigned, and will only cosign what this state lets it. Durable on return."""
        if key in self.keys:
            raise Misconfigured(f"{self.path} has this key already: {key.format()[:80]}")
        with self._lock, _translated(self.path):
            self._connection.execute("INSERT INTO witness VALUES (?)", (key.format(),))
        self.keys = (*self.keys, key)

    def show(self, origin: str, size: int, note: bytes) -> None:
        """Keep a cosigned checkpoint to be shown, unless a larger one is."""
        with self._lock, _translated(self.path):
            self._connection.execute(
                "INSERT INTO shown VALUES (?, ?, ?) ON CONFLICT (origin) DO UPDATE"
                " SET size = excluded.size, note = excluded.note WHERE shown.size <= excluded.size",
                (origin, size, note),
            )

    def shown(self, origin: str) -> bytes | None:
        """The largest checkpoint of the log that was cosigned, with our cosignatures; None before the first."""
        with self._lock, _translated(self.path):
            row = self._connection.execute("SELECT note FROM shown WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else bytes(row[0])

    def head(self, origin: str) -> CosignedHead:
        """The newest tree of the log that was cosigned."""
        with self._lock, _translated(self.path):
            return self._head(origin)

    def heads(self) -> dict[str, tuple[CosignedHead, int]]:
        """Of every log: its head, and when it was last cosigned (Unix seconds)."""
        with self._lock, _translated(self.path):
            rows = self._connection.execute("SELECT origin, size, root, cosigned_at FROM heads ORDER BY origin")
            return {origin: (CosignedHead(size, root), at) for origin, size, root, at in rows}

    def advance(self, origin: str, step: Callable[[CosignedHead], CosignedHead], now: int) -> CosignedHead:
        """Look, decide by `step`, and remember what it gives: nobody else writes in between. Durable on return.

        `now` is the time of the cosignature to come: one that lies before the last is `Unavailable`, since it would
        contradict it. What `step` raises leaves everything as it was. After `Unavailable` it is not known whether
        the new head is remembered: nothing may be signed, and the log will ask again.
        """
        with self._lock, _translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            # A crash from here to COMMIT leaves a journal; the next to open the file rolls back to the old head.
            try:
                self._check_clock(origin, now)
                head = step(self._head(origin))
                self._connection.execute(
                    "INSERT INTO heads VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE"
                    " SET size = excluded.size, root = excluded.root, cosigned_at = excluded.cosigned_at",
                    (origin, head.size, head.root, now),
                )
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            # A crash from here on leaves the new head without a cosignature: the log asks again, from that size.
            return head

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_clock(self, origin: str, now: int) -> None:
        row = self._connection.execute("SELECT cosigned_at FROM heads WHERE origin = ?", (origin,)).fetchone()
        if row is not None and now < row[0]:
            raise Unavailable(f"the clock is {row[0] - now} s behind the last cosignature of {origin}")

    def _head(self, origin: str) -> CosignedHead:
        row = self._connection.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,)).fetchone()
        return CosignedHead.none() if row is None else CosignedHead(row[0], row[1])


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw",
        uri=True,
        timeout=WITNESS_LOCK_SECONDS_MAX,
        isolation_level=None,  # transactions are begun and ended by us
        check_same_thread=False,  # one thread at a time: our lock
    )
    for pragma in ("journal_mode = DELETE", "synchronous = EXTRA", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(f"{path}: {error}") from error
