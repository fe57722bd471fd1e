"""What has to be told to people: `desk.outbox`, a row for each mail and letter, written with what makes it necessary.

    waiting ──the server took it──▶ sent
       ▲ └─────refused, or too often not─▶ dead ──▶ given up
       └──────────────retry──────────────────┘

A row names its receiver (`follow:<id>`, `complaint:<number>`, `party:<id>`) and what it is about; address and words
are looked up when it is sent. Whoever took a row acts by its claim.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from ledger.limits import MAIL_LEASE_SECONDS, OUTBOX_SETTLED_SECONDS_MAX, OUTBOX_WAITING_SECONDS_MAX
from ledger.store.array_parameters import Bigints, Texts
from ledger.store.connect import Database

__all__ = ["DeskOutbox", "NoticesOfEntries", "OutboxCount", "OutboxDesk", "OutboxRow", "OutboxState"]

OutboxState = Literal["waiting", "dead", "sent", "given_up"]
_CLAIMED_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row. Times are Unix seconds. `desk` is the party that sees it, None for the organizer's and the operator's."""

    id: bytes
    kind: str
    channel: Literal["mail", "letter"]
    receiver: str
    about: str
    desk: str | None
    first_entry: int | None
    last_entry: int | None
    due_on: date | None
    made_at: int
    state: OutboxState
    due_at: int
    attempts: int
    problem: str | None
    settled_at: int | None
    claim: bytes | None


class OutboxDesk(NamedTuple):
    """Whose desk: rows of the party's own, and where `general` those that are of no party's."""

    party: str
    general: bool


class OutboxCount(NamedTuple):
    """How many could not be sent, wait to be, and are letters to be printed."""

    dead: int
    mails: int
    letters: int


class NoticesOfEntries(NamedTuple):
    """What entries from `first` up to `next_entry` touch: each subject with the first and last of its entries, and the
    entries that publish a pledge with the enterprises whose they are."""

    first: int
    next_entry: int
    touched: Sequence[tuple[str, int, int]]
    published: Sequence[tuple[int, str]]


class DeskOutbox:
    """Every method may raise `Unavailable`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, at: int) -> Sequence[OutboxRow]:
        """Take some mails that are due, for `MAIL_LEASE_SECONDS`."""
        params = {
            "at": at,
            "claim": os.urandom(16),
            "leased_until": at + MAIL_LEASE_SECONDS,
            "limit": _CLAIMED_AT_ONCE,
        }
        return [OutboxRow(*row) for row in self._database.execute("outbox_claim", params)]

    def sent(self, row: OutboxRow, at: int) -> bool:
        """The server took it: durable on return; whether it was still claimed."""
        return self._settled("outbox_sent", row, at=at)

    def failed(self, row: OutboxRow, problem: str, *, due_at: int, dead: bool) -> bool:
        """Not sent: again at `due_at`, or not before somebody says so."""
        return self._settled("outbox_failed", row, problem=problem, due_at=due_at, dead=dead)

    def gone(self, row: OutboxRow) -> bool:
        """There is nobody any more to whom it could be sent."""
        return self._settled("outbox_gone", row)

    def list(self, whose: OutboxDesk, state: OutboxState | None, limit: int) -> Sequence[OutboxRow]:
        """What one desk sees, what needs somebody first."""
        params = {**whose._asdict(), "state": state, "limit": limit}
        return [OutboxRow(*row) for row in self._database.fetch("outbox_list", params)]

    def counts(self, whose: OutboxDesk) -> OutboxCount:
        return OutboxCount(*self._database.fetch("outbox_counts", whose._asdict())[0])

    def get(self, id: bytes, whose: OutboxDesk) -> OutboxRow | None:
        rows = self._database.fetch("outbox_get", {**whose._asdict(), "id": id})
        return OutboxRow(*rows[0]) if rows else None

    def retry(self, id: bytes, whose: OutboxDesk, at: int) -> bool:
        """Send a dead one after all; whether it was one."""
        return bool(self._database.execute("outbox_retry", {**whose._asdict(), "id": id, "at": at}))

    def settle(self, id: bytes, whose: OutboxDesk, state: Literal["sent", "given_up"], at: int) -> bool:
        """Give one up, or note that a letter was sent; whether it was still to be."""
        params = {**whose._asdict(), "id": id, "state": state, "at": at}
        return bool(self._database.execute("outbox_settle", params))

    def prune(self, at: int) -> None:
        """Give up what is no news any more, and drop what was settled long ago."""
        params = {
            "at": at,
            "waiting_since": at - OUTBOX_WAITING_SECONDS_MAX,
            "settled_until": at - OUTBOX_SETTLED_SECONDS_MAX,
        }
        self._database.execute("outbox_prune", params)

    def position(self, size: int) -> int:
        """The first entry that was not looked at yet; in a book that never told anybody, the next that comes."""
        found: int = self._database.execute("notice_position", (size,))[0][0]
        return found

    def fan_out(self, found: NoticesOfEntries, at: int) -> int:
        """Write what these entries make necessary, and that they were looked at; how many rows. None where another
        service was faster."""
        params = {
            "first": found.first,
            "next_entry": found.next_entry,
            "subjects": Texts([one[0] for one in found.touched]),
            "firsts": Bigints([one[1] for one in found.touched]),
            "lasts": Bigints([one[2] for one in found.touched]),
            "publications": Bigints([one[0] for one in found.published]),
            "publishers": Texts([one[1] for one in found.published]),
            "at": at,
        }
        return len(self._database.execute("outbox_fan_out", params))

    def write_deadlines(self, *, today: date, since: date, until: date, at: int) -> None:
        """Tell of complaint files that are due by `until`, or were due since `since`; each day of each file once."""
        self._database.execute("outbox_deadlines", {"today": today, "since": since, "until": until, "at": at})

    def _settled(self, query: str, row: OutboxRow, **params: Any) -> bool:
        return bool(self._database.execute(query, {"id": row.id, "claim": row.claim, **params}))
