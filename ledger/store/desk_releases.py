"""Drafts that one officer lays and another releases: `desk.drafts`.

    draft ──leave──▶ left ──its time──▶ releasing ──▶ released (in the book, or laid there to wait)
      ▲  ◀─call back──┘                     └───────▶ refused ──leave──▶ left
      └─lay                                                  both `draft` and `refused` may be discarded

From `releasing` nothing leads back: whoever took a statement to the book may be at any step of it, and only the book
says whether it arrived. So a draft is called back before it is taken, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ledger.errors import Busy
from ledger.limits import DRAFTS_PER_PARTY_MAX, RELEASE_LEASE_SECONDS, RELEASED_DRAFT_SECONDS
from ledger.store.connect import Database

__all__ = ["Draft", "DraftCount", "DraftState", "Drafts"]

DraftState = Literal["draft", "left", "releasing", "refused", "released"]
_CLAIMED_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Draft:
    """A row. Times are Unix seconds. `document` is what was drafted, in JSON, None once it was released.

    `statement`, `statement_id`, `body`, `releaser` and `release_at` are there while it is left or being released;
    `entry` is the index of a released one, None where it waits at the desk of pledges; `rule`, `zh` and `en` say why
    the book refused it.
    """

    id: bytes
    party: str
    drafter: str
    type: str
    subject: str
    document: str | None
    laid_at: int
    state: DraftState
    releaser: str | None = None
    statement: bytes | None = None
    statement_id: bytes | None = None
    body: bytes | None = None
    release_at: int | None = None
    settled_at: int | None = None
    entry: int | None = None
    rule: str | None = None
    zh: str | None = None
    en: str | None = None
    called_back_by: str | None = None
    called_back_at: int | None = None


class DraftCount(NamedTuple):
    """How many of a party are to be released, left for a time, and refused at their time."""

    drafts: int
    left: int
    refused: int


class Drafts:
    """Every method may raise `Unavailable`. Thread-safe. A draft is asked for by its party: another's is not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lay(self, *, id: bytes, party: str, drafter: str, type: str, subject: str, document: str, at: int) -> Draft:
        """Lay a new one. Raises `Busy` where the party has too many."""
        params = {
            "id": id,
            "party": party,
            "drafter": drafter,
            "type": type,
            "subject": subject,
            "document": document,
            "laid_at": at,
            "kept_since": at - RELEASED_DRAFT_SECONDS,
            "most": DRAFTS_PER_PARTY_MAX,
        }
        rows = self._database.execute("draft_lay", params)
        if not rows:
            raise Busy("the list of this party's drafts", retry_after_seconds=60)
        return Draft(*rows[0])

    def get(self, id: bytes, party: str) -> Draft | None:
        """One of a party's drafts."""
        rows = self._database.fetch("draft_get", {"id": id, "party": party})
        return Draft(*rows[0]) if rows else None

    def of(self, party: str, limit: int) -> Sequence[Draft]:
        """A party's drafts, those that were released last."""
        return [Draft(*row) for row in self._database.fetch("drafts_of", {"party": party, "limit": limit})]

    def count(self, party: str) -> DraftCount:
        return DraftCount(*self._database.fetch("drafts_waiting", (party,))[0])

    def leave(
        self,
        id: bytes,
        party: str,
        *,
        releaser: str,
        statement: bytes,
        statement_id: bytes,
        body: bytes | None,
        release_at: int,
    ) -> Draft | None:
        """Leave a draft's signed statement for a time. None where there is no such draft to be released, or the
        releaser is its drafter."""
        params = {
            "id": id,
            "party": party,
            "releaser": releaser,
            "statement": statement,
            "statement_id": statement_id,
            "body": body,
            "release_at": release_at,
        }
        rows = self._database.execute("draft_leave", params)
        return Draft(*rows[0]) if rows else None

    def call_back(self, id: bytes, party: str, *, officer: str, at: int) -> Draft | None:
        """Make one that was left a draft again, by its drafter or by whoever left it. None where it is not left any
        more, or by another officer."""
        rows = self._database.execute("draft_call_back", {"id": id, "party": party, "officer": officer, "at": at})
        return Draft(*rows[0]) if rows else None

    def discard(self, id: bytes, party: str, *, officer: str) -> bool:
        """Take a draft that nobody left away, by its drafter; whether it was there."""
        return bool(self._database.execute("draft_discard", {"id": id, "party": party, "officer": officer}))

    def claim(self, at: int, id: bytes | None = None) -> Sequence[Draft]:
        """Take those whose time has come, or the one `id` alone, for `RELEASE_LEASE_SECONDS`. Nobody else gets them
        before that, and nobody calls them back any more."""
        params = {"at": at, "leased_until": at + RELEASE_LEASE_SECONDS, "id": id, "limit": _CLAIMED_AT_ONCE}
        return [Draft(*row) for row in self._database.execute("draft_claim", params)]

    def released(self, draft: Draft, *, entry: int | None, at: int) -> bool:
        """Note that the claimed draft's statement is in the book; whether nobody else did before."""
        params = {"id": draft.id, "statement_id": draft.statement_id, "entry": entry, "at": at}
        return bool(self._database.execute("draft_released", params))

    def refused(self, draft: Draft, *, rule: str, zh: str, en: str, at: int) -> bool:
        """Note why the book does not take the claimed draft's statement; whether nobody else settled it before."""
        params = {"id": draft.id, "statement_id": draft.statement_id, "at": at, "rule": rule, "zh": zh, "en": en}
        return bool(self._database.execute("draft_refused", params))
