"""The access log: who read what is not public. Append-only; a token (key and cti) is good for one row."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date
from typing import Final, Protocol

from msgspec.structs import asdict, replace

from ledger.domain.state.access_log import Access
from ledger.errors import Refuted, Unavailable
from ledger.store.connect import Database

__all__ = ["ACCESS_COLUMNS", "Accesses", "MemoryAccesses", "PostgresAccesses"]

ACCESS_COLUMNS: Final = Access.__struct_fields__  # of `ledger.accesses`; the queries give them in this order
_TRIES_MAX = 20
_NUMBER_MAX = 2**63 - 1
_REPLAYED = "this token was used before"


class Accesses(Protocol):
    """Every method may raise `Unavailable`."""

    def log(self, access: Access) -> int:
        """Write a row, durable before this returns; its number. Raises `Refuted` for a token that was used before."""

    def of_day(self, day: date, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        """The rows of a day with number > `after`, in order."""

    def about(self, subject: str, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        """The rows about an enterprise with number > `after`, in order."""

    def newest(
        self, *, day: date | None = None, subject: str | None = None, before: int | None = None, limit: int = 100
    ) -> Sequence[Access]:
        """The rows of a day, about an enterprise, or of both (one is given), with number < `before`; newest first."""


class PostgresAccesses:
    """`Accesses` in `ledger.accesses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, access: Access) -> int:
        for _ in range(_TRIES_MAX):  # another process may have taken the number
            rows = self._database.execute("log_access", asdict(access))
            if rows:
                number: int = rows[0][0]
                return number
            if self._database.fetch("access_logged", (access.kid, access.cti)):
                raise Refuted(_REPLAYED)
        raise Unavailable("the access could not be logged")

    def of_day(self, day: date, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        return self._rows("accesses_of_day", {"day": day, "after": after, "limit": limit})

    def about(self, subject: str, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        return self._rows("accesses_about", {"subject": subject, "after": after, "limit": limit})

    def newest(
        self, *, day: date | None = None, subject: str | None = None, before: int | None = None, limit: int = 100
    ) -> Sequence[Access]:
        last = _NUMBER_MAX if before is None else before
        params: dict[str, object] = {"day": day, "subject": subject, "before": last, "limit": limit}
        return self._rows("accesses_newest_about" if day is None else "accesses_newest_of_day", params)

    def _rows(self, name: str, params: dict[str, object]) -> list[Access]:
        rows = self._database.fetch(name, params)
        return [Access(**dict(zip(ACCESS_COLUMNS, row, strict=True))) for row in rows]


class MemoryAccesses:
    """`Accesses` in memory."""

    def __init__(self) -> None:
        self._rows: list[Access] = []
        self._used: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def log(self, access: Access) -> int:
        with self._lock:
            if (access.kid, access.cti) in self._used:
                raise Refuted(_REPLAYED)
            self._used.add((access.kid, access.cti))
            self._rows.append(replace(access, number=len(self._rows) + 1))
            return len(self._rows)

    def of_day(self, day: date, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        return [row for row in self._rows if row.day == day and row.number > after][:limit]

    def about(self, subject: str, *, after: int = 0, limit: int = 1_000) -> Sequence[Access]:
        return [row for row in self._rows if row.subject == subject and row.number > after][:limit]

    def newest(
        self, *, day: date | None = None, subject: str | None = None, before: int | None = None, limit: int = 100
    ) -> Sequence[Access]:
        return [
            row
            for row in reversed(self._rows)
            if day in (None, row.day) and subject in (None, row.subject) and (before is None or row.number < before)
        ][:limit]
