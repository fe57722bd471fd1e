"""The desk in memory: the twin of `PostgresDesk`, for tests."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256

from ledger.limits import DESK_REFUSED_PER_ISSUER_MAX, DESK_STATEMENTS_MAX, DESK_WAITING_PER_ISSUER_MAX
from ledger.store.desk import DeskCount, DeskFilter, DeskOrder, DeskPage, Pending, no_place, not_waiting

__all__ = ["MemoryDesk"]


class MemoryDesk:
    """`Desk` in memory."""

    def __init__(
        self,
        *,
        statements_max: int = DESK_STATEMENTS_MAX,
        waiting_max: int = DESK_WAITING_PER_ISSUER_MAX,
        refused_max: int = DESK_REFUSED_PER_ISSUER_MAX,
    ) -> None:
        self._pending: dict[bytes, Pending] = {}
        self._statements_max = statements_max
        self._waiting_max = waiting_max
        self._refused_max = refused_max
        self._lock = threading.Lock()

    def put(self, pending: Pending) -> Pending:
        with self._lock:
            there = self._pending.get(pending.statement_id)
            if there is not None:
                return there
            place = _place(pending)
            same = [row for row in self._pending.values() if place is not None and _place(row) == place]
            newer = any(row.issued_at > pending.issued_at for row in same)
            replaced = [row.statement_id for row in same if row.refused_at is None]
            waiting = sum(row.subject == pending.subject and row.refused_at is None for row in self._pending.values())
            full = not replaced and (waiting >= self._waiting_max or len(self._pending) >= self._statements_max)
            if newer or full:
                raise no_place(newer=newer, waiting=waiting, waiting_max=self._waiting_max)
            for statement_id in replaced:
                del self._pending[statement_id]
            self._pending[pending.statement_id] = pending
            return pending

    def get(self, statement_id: bytes) -> Pending | None:
        return self._pending.get(statement_id)

    def list(
        self,
        *,
        campaign: str | None = None,
        subject: str | None = None,
        after: tuple[int, bytes] | None = None,
        limit: int = 100,
    ) -> Sequence[Pending]:
        with self._lock:
            rows = sorted(self._pending.values(), key=_order)
        return [
            row
            for row in rows
            if (campaign is None or row.campaign == campaign)
            and (subject is None or row.subject == subject)
            and (after is None or _order(row) > after)
        ][:limit]

    def page(self, which: DeskFilter, order: DeskOrder, *, offset: int, limit: int) -> DeskPage:
        with self._lock:
            rows = sorted((row for row in self._pending.values() if which.takes(row)), key=_order)
        if order == "enterprise":
            rows.sort(key=lambda row: row.subject)
        elif order == "-received":
            rows.sort(key=lambda row: row.received_at, reverse=True)
        return DeskPage(rows[offset : offset + limit], len(rows))

    def refuse(self, statement_id: bytes, *, at: int, by: str, reason: str) -> Pending:
        with self._lock:
            there = self._pending.get(statement_id)
            if there is None or there.refused_at is not None:
                raise not_waiting(there)
            refused = replace(there, refused_at=at, refused_by=by, reason=reason)
            others = [one for one in self._pending.values() if one.subject == there.subject and one.refused_at]
            others.sort(key=lambda one: (one.refused_at, one.statement_id), reverse=True)
            for one in others[self._refused_max - 1 :]:
                del self._pending[one.statement_id]
            self._pending[statement_id] = refused
            return refused

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

    def campaigns(self) -> Collection[str]:
        with self._lock:
            return {row.campaign for row in self._pending.values() if row.campaign is not None}

    def drop_campaign(self, campaign: str) -> None:
        with self._lock:
            self._pending = {key: row for key, row in self._pending.items() if row.campaign != campaign}

    def count(self) -> DeskCount:
        with self._lock:
            refused = sum(row.refused_at is not None for row in self._pending.values())
            return DeskCount(len(self._pending) - refused, refused)


def _order(pending: Pending) -> tuple[int, bytes]:
    return pending.received_at, pending.statement_id


def _place(pending: Pending) -> tuple[str, str, str] | None:
    """What only one may wait for; None where an earlier version did not write it down."""
    if pending.campaign is None or pending.scope is None:
        return None
    return pending.subject, pending.campaign, pending.scope
