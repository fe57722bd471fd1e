"""All current standings, one after the other: a line that says of what, a line for each enterprise, a line at the end.

Read in pages by subject within one snapshot, so that memory does not grow with the book, and nothing that is
registered meanwhile is seen by halves. Every enterprise is in it, whatever its level: there is no dump by level.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import psycopg
from psycopg.rows import tuple_row

from ledger.limits import DUMP_PAGE_STANDINGS
from ledger.store.connect import connect, translated
from projections.db.queries import QUERIES
from projections.standing.policy_timeline import Rules
from projections.standing.standing_view import StandingView

__all__ = ["StandingDump"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class StandingDump:
    """The standings of `today` (Asia/Shanghai) at `tree_size`, the size that the read models had when this was opened.

    Holds a connection and a snapshot of its own: use it as a context manager. Raises `Unavailable`, `Misconfigured`.
    """

    def __init__(self, conninfo: str, view: StandingView, rules: Rules, today: date) -> None:
        self._view = view
        self._today = today
        self._connection = connect(conninfo)
        try:
            with translated():
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                row = self._rows("progress", {})
        except BaseException:
            self._connection.close()
            raise
        self.tree_size: int = row[0][0] if row else 0
        in_force = [one for one in rules.known_at(self.tree_size) if one.from_on <= today]
        self.policy_entry: int | None = max(in_force, key=lambda one: one.from_on).entry if in_force else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @property
    def etag(self) -> str:
        """The same read models give the same bytes on the same day."""
        return f"{self.tree_size}-{self._today}"

    def lines(self) -> Iterator[bytes]:
        """NDJSON in pieces of whole lines: `{"as_of", "kind", "policy_entry", "tree_size"}`, the standings by subject
        as `GET /v1/enterprises/{id}/standing` gives them, `{"count", "end": true}`.
        """
        head = {"kind": "standings", "as_of": self._today, "tree_size": self.tree_size}
        yield _ENCODE({**head, "policy_entry": self.policy_entry}) + b"\n"
        count, after = 0, ""
        while True:
            params = {"after": after, "today": self._today, "limit": DUMP_PAGE_STANDINGS}
            with translated():
                page = self._rows("standings_page", params)
            if page:
                after = page[-1][0]
                count += len(page)
                yield b"".join(self._line(*row) for row in page)
            if len(page) < DUMP_PAGE_STANDINGS:
                yield _ENCODE({"end": True, "count": count}) + b"\n"
                return

    def _line(self, subject: str, until_on: date | None, body: bytes) -> bytes:
        if until_on is not None and until_on <= self._today:  # more steps than are written ahead
            body = self._view.replay(subject, self._today, tree_size=self.tree_size).body
        # at its place in canonical JSON, as in the document for one enterprise: nothing before `level` has that name
        return body.replace(b',"level":', b',"in_book":true,"level":', 1) + b"\n"

    def _rows(self, name: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor: psycopg.Cursor[tuple[Any, ...]]
        with self._connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(QUERIES[name], params, prepare=True).fetchall()
