"""The desk: signed statements that wait for their release. Private and mutable; never part of the log."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Protocol

from ledger.errors import Busy
from ledger.limits import DESK_STATEMENTS_MAX
from ledger.store.array_parameters import Byteas
from ledger.store.connect import Database

__all__ = ["Desk", "MemoryDesk", "Pending", "PostgresDesk"]

_FULL = "the desk"


@dataclass(frozen=True, slots=True)
class Pending:
    """A statement that waits. `statement_id` is the SHA-256 of its bytes, `received_at` in Unix seconds."""

    statement_id: bytes
    statement: bytes
    body: bytes | None
    subject: str
    campaign: str | None
    received_at: int


class Desk(Protocol):
    """Every method may raise `Unavailable`."""

    def put(self, pending: Pending) -> Pending:
        """Lay it on the desk. The same statement again is what already lies there. Raises `Busy` when full."""

    def get(self, statement_id: bytes) -> Pending | None:
        """The statement with this id, if it waits."""

    def list(self, *, campaign: str | None = None, after: Pending | None = None, limit: int = 100) -> Sequence[Pending]:
        """By time of receipt, from after `after` (the last of the previous page), of one campaign or of all."""

    def remove(self, statement_ids: Sequence[bytes]) -> None:
        """Take them off the desk; what is not there is no error."""

    def count(self) -> int:
        """How many statements wait."""


class PostgresDesk:
    """`Desk` in the table `desk.pending`."""

    def __init__(self, database: Database, *, statements_max: int = DESK_STATEMENTS_MAX) -> None:
        self._database = database
        self._statements_max = statements_max

    def put(self, pending: Pending) -> Pending:
        rows = self._database.execute("desk_put", {**asdict(pending), "most": self._statements_max})
        if not rows:
            raise Busy(_FULL, retry_after_seconds=3_600)
        return Pending(*rows[0])

    def get(self, statement_id: bytes) -> Pending | None:
        rows = self._database.fetch("desk_get", (statement_id,))
        return Pending(*rows[0]) if rows else None

    def list(self, *, campaign: str | None = None, after: Pending | None = None, limit: int = 100) -> Sequence[Pending]:
        time, key = (after.received_at, after.statement_id) if after else (-(2**63), b"")
        params = {"campaign": campaign, "after_time": time, "after_id": key, "limit": limit}
        return [Pending(*row) for row in self._database.fetch("desk_list", params)]

    def remove(self, statement_ids: Sequence[bytes]) -> None:
        self._database.execute("desk_remove", (Byteas(statement_ids),))

    def count(self) -> int:
        waiting: int = self._database.fetch("desk_count")[0][0]
        return waiting


class MemoryDesk:
    """`Desk` in memory."""

    def __init__(self, *, statements_max: int = DESK_STATEMENTS_MAX) -> None:
        self._pending: dict[bytes, Pending] = {}
        self._statements_max = statements_max
        self._lock = threading.Lock()

    def put(self, pending: Pending) -> Pending:
        with self._lock:
            if pending.statement_id not in self._pending and len(self._pending) >= self._statements_max:
                raise Busy(_FULL, retry_after_seconds=3_600)
            return self._pending.setdefault(pending.statement_id, pending)

    def get(self, statement_id: bytes) -> Pending | None:
        return self._pending.get(statement_id)

    def list(self, *, campaign: str | None = None, after: Pending | None = None, limit: int = 100) -> Sequence[Pending]:
        with self._lock:
            rows = sorted(self._pending.values(), key=_place)
        return [
            row
            for row in rows
            if (campaign is None or row.campaign == campaign) and (after is None or _place(row) > _place(after))
        ][:limit]

    def remove(self, statement_ids: Sequence[bytes]) -> None:
        with self._lock:
            for statement_id in statement_ids:
                self._pending.pop(statement_id, None)

    def remove_bodies(self, commitments: Sequence[bytes]) -> None:
        """Take off the desk what has one of these bodies, by their SHA-256: they were erased."""
        with self._lock:
            for pending in list(self._pending.values()):
                if pending.body is not None and sha256(pending.body).digest() in commitments:
                    del self._pending[pending.statement_id]

    def count(self) -> int:
        return len(self._pending)


def _place(pending: Pending) -> tuple[int, bytes]:
    return pending.received_at, pending.statement_id
