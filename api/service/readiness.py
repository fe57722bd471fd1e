"""Whether the service is ready: would a commit made now succeed, do readers see what is committed, does all hold?

Of a process that only reads: does it read what is there, and not too late?

A thread of its own asks the database over a connection of its own, with deadlines below a second, and only when
somebody wants to know: once a second at most. Whoever asks `readyz` waits for that thread without one, and is told
"not ready" where it has not answered in time.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import Connection

from ledger.errors import LedgerError
from ledger.limits import (
    DISK_FREE_BYTES_MIN,
    READER_BEHIND_SECONDS_MAX,
    READY_LOOK_SECONDS,
    READY_SECONDS_MAX,
)
from ledger.store.connect import connect, to_ledger_error
from ledger.store.durability import too_few_copies
from projections.engine.schema import SHAPE

__all__ = ["Condition", "Looked", "Readiness", "reads_from", "would_commit"]

_LOG = logging.getLogger(__name__)

# A transactional message is a commit like any other: it needs a primary, room for the log, and its synchronous
# replicas, and leaves nothing behind that anybody would have to clean up.
_COMMIT: Final = "SELECT pg_logical_emit_message(true, 'credit-ledger', 'ready')"
# Commits of ours that wait for a standby: one that was given up here goes on waiting there, on a connection each.
_LOOK: Final = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
    (SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints),
    current_setting('synchronous_standby_names'), current_setting('synchronous_commit'),
    (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND wait_event = 'SyncRep'
        AND query_start < clock_timestamp() - interval '1 s')
"""
_LOOK_OF_READERS: Final = """
SELECT pg_is_in_recovery(),
    (SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints),
    (SELECT version FROM projections.shape),
    EXISTS (SELECT FROM pg_stat_wal_receiver),
    CASE WHEN pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()
        THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """What keeps the service from being ready: a stable dotted name, and words for an operator."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What the last look found. `tree_size` None where the database did not say."""

    at: float
    tree_size: int | None
    conditions: tuple[Condition, ...]
    told: Mapping[str, Any] = field(default_factory=dict)


class Found(NamedTuple):
    """What a probe found: the tree size that the database holds, what is wrong, what else is told."""

    tree_size: int
    conditions: Sequence[Condition] = ()
    told: Mapping[str, Any] = MappingProxyType({})


Probe = Callable[[Connection[tuple[Any, ...]]], Found]


def would_commit(copies: int) -> Probe:
    """Whether a commit made now would succeed, on so many servers' disks. What the probe raises is the database's."""

    def probe(connection: Connection[tuple[Any, ...]]) -> Found:
        row = connection.execute(_LOOK, prepare=True).fetchone()
        assert row is not None  # an aggregate always has a row
        read_only, size, names, commit, waiting = row
        if read_only:
            return Found(size, [Condition("database.read-only", "the database is read-only: is it a replica?")])
        alone = too_few_copies(names, commit, copies)
        if alone is not None:
            return Found(size, [Condition("database.copies", alone)])
        if waiting:
            why = f"{waiting} commits wait for a standby that does not confirm: is one there? (docs/scale.md)"
            return Found(size, [Condition("database.standby", why)])
        try:
            connection.execute(_COMMIT, prepare=True)
        except psycopg.Error as error:
            return Found(size, [Condition("database.commit", str(to_ledger_error(error)))])
        return Found(size)

    return probe


def reads_from(connection: Connection[tuple[Any, ...]]) -> Found:
    """Whether the server shows what this program can read, and has replayed what it received."""
    row = connection.execute(_LOOK_OF_READERS, prepare=True).fetchone()
    assert row is not None  # an aggregate always has a row
    standby, size, shape, streaming, late = row
    wrong = []
    if shape != SHAPE:
        wrong.append(Condition("projections", f"the read models have the form {shape}, this program reads {SHAPE}"))
    if late is not None and late > READER_BEHIND_SECONDS_MAX:
        wrong.append(Condition("reader.behind", f"the standby has received more than it replayed {late:.0f} s ago"))
    return Found(size, wrong, {"standby": standby, "streaming": streaming})


class Readiness:
    """Whether the service may take statements and answer, looked at again and again.

    `start` it, `stop` it. `look` in the event loop; `own` are the conditions that need no database.
    """

    def __init__(
        self, conninfo: str, folder: Path | None, own: Callable[[], Sequence[Condition]], probe: Probe
    ) -> None:
        self._conninfo = conninfo
        self._probe = probe
        self._folder = folder
        self._own = own
        self._connection: Connection[tuple[Any, ...]] | None = None
        self._wanted = threading.Event()
        self._stopping = False
        self._looked: Looked | None = None
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()
        self._thread.join(READY_SECONDS_MAX * 3)  # a daemon: what still waits for a database ends with the process

    async def look(self) -> Looked:
        """What is found now, or was within the last second; within `READY_SECONDS_MAX` in any case."""
        now = time.monotonic()
        looked = self._looked
        if looked is None or now - looked.at > READY_LOOK_SECONDS:
            done = asyncio.Event()
            with self._lock:
                self._waiting.append((asyncio.get_running_loop(), done))
            self._wanted.set()
            try:
                async with asyncio.timeout(READY_SECONDS_MAX):
                    await done.wait()
            except TimeoutError:
                silent = Condition("database.silent", f"the database has not answered within {READY_SECONDS_MAX} s")
                return Looked(now, None, (silent, *self._own()))
            looked = self._looked
            assert looked is not None  # the thread looked before it said so
        return Looked(looked.at, looked.tree_size, (*looked.conditions, *self._own()), looked.told)

    def _run(self) -> None:
        while not self._stopping:
            self._wanted.wait()
            self._wanted.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            try:
                self._looked = self._look()
            except Exception as error:
                _LOG.exception("readiness: a defect; going on")
                self._looked = Looked(time.monotonic(), None, (Condition("defect", repr(error)[:200]),))
            for loop, done in waiting:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(done.set)
        self._drop()

    def _look(self) -> Looked:
        found, size, told = list[Condition](), None, dict[str, Any]()
        try:
            size, conditions, more = self._probe(self._connected())
            found.extend(conditions)
            told.update(more)
        except (LedgerError, psycopg.Error) as error:
            said = to_ledger_error(error) if isinstance(error, psycopg.Error) else error
            found.append(Condition("database", str(said)))
        if found:
            self._drop()  # behind the name of the server may be another one by now
        found.extend(self._disk())
        return Looked(time.monotonic(), size, tuple(found), told)

    def _connected(self) -> Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._conninfo, answer_seconds_max=READY_SECONDS_MAX)
            self._connection.execute(f"SET statement_timeout = {int(READY_SECONDS_MAX * 1_000)}")
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _disk(self) -> list[Condition]:
        """Of the folder with the keys, the high-water file and, where it is embedded, the database."""
        if self._folder is None:  # nothing is kept on one
            return []
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            return [Condition("disk", f"{self._folder}: {error.strerror}")]
        if free >= DISK_FREE_BYTES_MIN:
            return []
        return [Condition("disk.full", f"{free >> 20} MiB are free on the disk of {self._folder}")]
