"""The store on PostgreSQL: one statement writes a commit, plain queries read it.

What is durable when: `append` returns after the one transaction that holds entries, tiles, facts, bodies and
checkpoint is on disk, here and on the standbys that the server's commits wait for. A crash before that leaves nothing;
a crash after it leaves all.

Two traps of synchronous replication (PostgreSQL documentation, `SyncRepWaitForLSN`): a wait that is cancelled ends as a
success with a warning, and a commit whose wait was cut short by a restart can be seen although no standby has it. So a
warning is no success here, and who finds something after a doubt settles it first (`settle`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, Self

import psycopg
from psycopg import Connection, errors
from psycopg.errors import Diagnostic

from ledger.errors import Corrupted, Raced, Unavailable
from ledger.limits import DATABASE_ANSWER_SECONDS_MAX
from ledger.store.access_log import Accesses, PostgresAccesses
from ledger.store.annexes import Annexes, PostgresAnnexes
from ledger.store.append_parameters import append_params, fact_key
from ledger.store.array_parameters import Bigints, Texts
from ledger.store.attachments import AttachmentStore, PostgresAttachments
from ledger.store.connect import Database, Params, connect, to_ledger_error
from ledger.store.contract import Batch, CheckpointRow, EntryRow, Fact, LeafRow
from ledger.store.copy_reader import copy_entries
from ledger.store.cosignatures import Cosignatures, PostgresCosignatures
from ledger.store.desk import PostgresDesk
from ledger.store.desk_complaints import DeskComplaints
from ledger.store.desk_enrolments import EnrolmentRequests
from ledger.store.desk_follows import DeskFollows
from ledger.store.desk_outbox import DeskOutbox
from ledger.store.desk_releases import Drafts
from ledger.store.desk_sessions import DeskSessions
from ledger.store.desk_webhooks import DeskWebhooks
from ledger.store.durability import check_durable
from ledger.store.key_folder import KeyFolder
from ledger.store.queries import QUERIES
from ledger.store.recorder import LedgerRecorder
from ledger.store.tail import Tail
from ledger.store.vault import Vault

__all__ = ["PostgresStore"]

_LAST = 2**63 - 1
_LOST_THE_RACE = (
    errors.UniqueViolation,
    errors.ForeignKeyViolation,  # the size before this batch has no checkpoint (yet)
    errors.DeadlockDetected,
    errors.SerializationFailure,
)


class PostgresStore(Vault):
    """`Store` on PostgreSQL. Thread-safe; made after a fork, not before. Close it when done.

    Reads run on a pool; appends on a connection of their own, one at a time.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.conninfo = database.conninfo
        self.desk = PostgresDesk(database)
        self.desk_sessions = DeskSessions(database)
        self.desk_complaints = DeskComplaints(database)
        self.desk_enrolments = EnrolmentRequests(database)
        self.webhooks = DeskWebhooks(database)
        self.follows = DeskFollows(database)
        self.outbox = DeskOutbox(database)
        self.annexes: Annexes = PostgresAnnexes(database)
        self.cosignatures: Cosignatures = PostgresCosignatures(database)
        self.attachments: AttachmentStore = PostgresAttachments(database)
        self.accesses: Accesses = PostgresAccesses(database)
        self._appending = threading.Lock()
        self._writer: Connection[tuple[Any, ...]] | None = None
        self._warnings: list[str] = []  # of the server, about the commit under way
        self._tail = Tail(database.conninfo)

    @classmethod
    def open(cls, conninfo: str) -> Self:
        """Connect to a migrated book as the service's role. Raises `Unavailable`."""
        return cls(Database(conninfo))

    def drafts(self, keys: KeyFolder) -> Drafts:
        """The drafts of the desks, which lie encrypted under keys of this folder."""
        return Drafts(self._database, keys)

    @cached_property
    def recorder(self) -> LedgerRecorder:
        """The same book for the eventsourcing library."""
        return LedgerRecorder(self._database)

    def append(self, batch: Batch) -> None:
        self._commit("append", append_params(batch))
        self._tail.saw(batch.checkpoint.tree_size)

    def settle(self) -> None:
        self._commit("settle", ())

    def _commit(self, name: str, params: Params) -> None:
        """Run a named statement as a transaction that waits for the disks of all servers that commits wait for."""
        with self._appending:
            try:
                if self._writer is None or self._writer.closed:
                    self._writer = connect(self.conninfo, answer_seconds_max=DATABASE_ANSWER_SECONDS_MAX)
                    self._writer.add_notice_handler(self._warned)
                self._warnings.clear()
                self._writer.execute(QUERIES[name], params, prepare=True)
                if self._warnings:
                    raise Unavailable(f"database: committed here, and perhaps on no standby: {self._warnings[-1]}")
            except _LOST_THE_RACE as error:
                raise Raced(str(error)) from error
            except errors.CheckViolation as error:
                raise Corrupted(f"the table refuses it: {error.diag.message_primary}") from error
            except psycopg.Error as error:
                # Whether the commit happened may be unknown: no second try here, the caller looks.
                self._drop_writer()
                raise to_ledger_error(error) from error
            except BaseException:
                self._drop_writer()
                raise

    def _warned(self, said: Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            self._warnings.append(said.message_primary or "")

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def latest(self) -> CheckpointRow | None:
        return self._checkpoint("latest", ())

    def checkpoint_covering(self, index: int) -> CheckpointRow | None:
        return self._checkpoint("checkpoint_covering", (index,))

    def checkpoints_covering(self, indices: Sequence[int]) -> Mapping[int, CheckpointRow]:
        rows = self._database.fetch("checkpoints_covering", (Bigints(indices),))
        found = {row[1]: CheckpointRow(*row[1:]) for row in rows}  # entries of one commit share theirs
        return {row[0]: found[row[1]] for row in rows}

    def checkpoint_at(self, tree_size: int) -> CheckpointRow | None:
        return self._checkpoint("checkpoint_at", (tree_size,))

    def _checkpoint(self, name: str, params: Sequence[int]) -> CheckpointRow | None:
        rows = self._database.fetch(name, params)
        return CheckpointRow(*rows[0]) if rows else None

    def wait_for(self, size: int, timeout: float) -> int:
        # Nothing is known before the first look, and a timeout of 0 must give the true size, too.
        self._tail.saw(self._database.fetch("size")[0][0])
        return self._tail.wait_for(size, timeout)

    def entries(self, start: int, limit: int) -> Sequence[EntryRow]:
        return self._entries("entries", {"start": start, "stop": min(start + limit, _LAST)})

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        rows = self._entries("entries_at", {"numbers": Bigints(index + 1 for index in indices)})
        return {row.index: row for row in rows}

    def copy_entries(self, start: int, stop: int) -> Iterator[list[EntryRow]]:
        """Entries with index in [start, stop) in lists of a few thousand, streamed over a connection of its own."""
        return copy_entries(self.conninfo, start, stop)

    def governing_entries(self, after_index: int = -1) -> Sequence[EntryRow]:
        return self._entries("governing_entries", {"after": after_index + 1})

    def erasures(self, after_index: int = -1) -> Sequence[EntryRow]:
        return self._entries("erasures", {"after": after_index + 1})

    def attachments_added(self, subject: str) -> Sequence[EntryRow]:
        return self._entries("attachments_added", {"subject": subject})

    def stream(
        self, subject: str, *, after_version: int = 0, tree_size: int | None = None, limit: int | None = None
    ) -> Sequence[EntryRow]:
        size, most = _LAST if tree_size is None else tree_size, _LAST if limit is None else limit
        return self._entries("stream", {"subject": subject, "after": after_version, "size": size, "most": most})

    def stream_indices(self, subject: str, *, after_index: int = -1, limit: int) -> Sequence[int]:
        params = {"subject": subject, "after": after_index + 1, "limit": limit}
        return [row[0] for row in self._database.fetch("stream_indices", params)]

    def streams(self, subjects: Sequence[str], *, version_max: int | None = None) -> Mapping[str, Sequence[EntryRow]]:
        most = _LAST if version_max is None else version_max
        rows = self._entries("streams", {"subjects": Texts(subjects), "most": most})
        return {subject: list(stream) for subject, stream in groupby(rows, lambda row: row.subject)}

    def _entries(self, name: str, params: Sequence[Any] | Mapping[str, Any]) -> list[EntryRow]:
        return [EntryRow(*row) for row in self._database.fetch(name, params)]

    def facts(self, facts: Sequence[Fact]) -> Mapping[Fact, int]:
        asked = {(fact.kind, fact_key(fact.key)): fact for fact in facts}
        kinds, keys = Texts(kind for kind, _ in asked), Texts(key for _, key in asked)
        return {asked[kind, key]: index for kind, key, index in self._database.fetch("facts", (kinds, keys))}

    def statements(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        return dict(self._database.fetch("statements", (Bigints(index + 1 for index in indices),)))

    def index_of_statement(self, leaf_hash: bytes) -> int | None:
        index: int | None = self._database.fetch("index_of_statement", (leaf_hash,))[0][0]
        return index

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        return [row[0] for row in self._database.fetch("leaf_hashes", (start, stop))]

    def leaves(self, start: int, stop: int) -> Sequence[LeafRow]:
        return [LeafRow(*row) for row in self._database.fetch("leaves", (start, stop))]

    def tiles(self, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        levels, numbers = Bigints(level for level, _ in wanted), Bigints(number for _, number in wanted)
        return {(level, number): hashes for level, number, hashes in self._database.fetch("tiles", (levels, numbers))}

    def time(self) -> float:
        """The server's clock, Unix seconds."""
        return float(self._database.fetch("clock")[0][0])

    def check_durable(self, copies: int = 1) -> None:
        """Refuse a server that may lose commits, or a role that may rewrite the book. Raises `Misconfigured`."""
        with connect(self.conninfo) as connection:
            check_durable(connection, copies)

    def close(self) -> None:
        with self._appending:
            self._drop_writer()
        self._tail.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
