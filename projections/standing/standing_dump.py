"""All current standings, one after the other: a line that says of what, a line for each enterprise, a line at the end.

Read in pages by subject within one snapshot, so that memory does not grow with the book, and nothing that is
registered meanwhile is seen by halves. Every enterprise is in it, whatever its level: there is no dump by level.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from ledger.limits import DUMP_PAGE_STANDINGS
from projections.db.read_snapshot import ReadSnapshot
from projections.standing.policy_timeline import Rules
from projections.standing.render import with_in_book
from projections.standing.standing_view import StandingView

__all__ = ["StandingDump"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class StandingDump:
    """The standings of `today` (Asia/Shanghai), as the read models of a snapshot have them."""

    def __init__(self, snapshot: ReadSnapshot, view: StandingView, rules: Rules, today: date) -> None:
        self._snapshot = snapshot
        self._view = view
        self._today = today
        in_force = [one for one in rules.known_at(snapshot.tree_size) if one.from_on <= today]
        self.policy_entry: int | None = max(in_force, key=lambda one: one.from_on).entry if in_force else None

    def lines(self) -> Iterator[bytes]:
        """NDJSON in pieces of whole lines: `{"as_of", "kind", "policy_entry", "tree_size"}`, the standings by subject
        as `GET /v1/enterprises/{id}/standing` gives them, `{"count", "end": true}`.
        """
        head = {"kind": "standings", "as_of": self._today, "tree_size": self._snapshot.tree_size}
        yield _ENCODE({**head, "policy_entry": self.policy_entry}) + b"\n"
        count, after = 0, ""
        while True:
            params = {"after": after, "today": self._today, "limit": DUMP_PAGE_STANDINGS}
            page = self._snapshot.rows("standings_page", params)
            if page:
                after = page[-1][0]
                count += len(page)
                yield b"".join(self._line(*row) for row in page)
            if len(page) < DUMP_PAGE_STANDINGS:
                yield _ENCODE({"end": True, "count": count}) + b"\n"
                return

    def _line(self, subject: str, until_on: date | None, body: bytes) -> bytes:
        if until_on is not None and until_on <= self._today:  # more steps than are written ahead
            body = self._view.replay(subject, self._today, tree_size=self._snapshot.tree_size).body
        return with_in_book(body, True) + b"\n"  # as in the document for one enterprise
