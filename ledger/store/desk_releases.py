"""Drafts that one officer lays and another releases: `desk.drafts`.

    draft ──leave──▶ left ──its time──▶ releasing ──▶ released (in the book, or laid there to wait)
      ▲  ◀─call back──┘                     └───────▶ refused ──leave──▶ left
      └─lay                                                  both `draft` and `refused` may be discarded

From `releasing` nothing leads back: whoever took a statement to the book may be at any step of it, and only the book
says whether it arrived. So a draft is called back before it is taken, or not at all.

What is drafted and signed lies encrypted (`draft_encryption.py`). A draft's key is made before its row and destroyed
after its content: a crash in between leaves a key that no row needs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

from ledger.errors import Busy, Corrupted
from ledger.limits import DRAFTS_PER_PARTY_MAX, RELEASE_LEASE_SECONDS, RELEASED_DRAFT_SECONDS
from ledger.store.connect import Database
from ledger.store.draft_encryption import decrypt_part, encrypt_part
from ledger.store.key_folder import KeyFolder

__all__ = ["Draft", "DraftCount", "DraftState", "Drafts", "NewDraft", "SignedRelease"]

_LOG: Final = logging.getLogger(__name__)
DraftState = Literal["draft", "left", "releasing", "refused", "released"]
_CLAIMED_AT_ONCE: Final = 16
_DOCUMENT: Final = 5  # its place in a row


@dataclass(frozen=True, slots=True)
class Draft:
    """A row. Times are Unix seconds. `document` is what was drafted, in JSON, None once it was released.

    `statement`, `statement_id`, `body`, `releaser` and `release_at` are there while it is left or being released;
    `entry` is the index of a released one, None where it waits at the desk of pledges; `rule`, `zh` and `en` say why
    the book refused it. `readable` is False where its key is gone, or is another's: then it has none of its contents.
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
    readable: bool = True


class DraftCount(NamedTuple):
    """How many of a party are to be released, left for a time, and refused at their time."""

    drafts: int
    left: int
    refused: int


class NewDraft(NamedTuple):
    """A draft to be laid, under an id of its own choice (16 bytes)."""

    id: bytes
    party: str
    drafter: str
    type: str
    subject: str
    document: str


class SignedRelease(NamedTuple):
    """A draft's statement as its releaser signed it, to be released at a time (Unix seconds)."""

    releaser: str
    statement: bytes
    statement_id: bytes
    body: bytes | None
    at: int


class Drafts:
    """Every method may raise `Unavailable`. Thread-safe. A draft is asked for by its party: another's is not there."""

    def __init__(self, database: Database, keys: KeyFolder) -> None:
        self._database = database
        self._keys = keys

    def lay(self, new: NewDraft, at: int) -> Draft:
        """Lay a new one. Raises `Busy` where the party has too many."""
        secret = self._keys.make(new.id.hex())
        params = {
            **new._asdict(),
            "document": encrypt_part(secret, new.id, "document", None, new.document.encode()),
            "laid_at": at,
            "kept_since": at - RELEASED_DRAFT_SECONDS,
            "most": DRAFTS_PER_PARTY_MAX,
        }
        rows = self._database.execute("draft_lay", params)
        if not rows:
            self._keys.destroy(new.id.hex())
            raise Busy("the list of this party's drafts", retry_after_seconds=60)
        return self._opened(rows[0])

    def get(self, id: bytes, party: str) -> Draft | None:
        """One of a party's drafts."""
        rows = self._database.fetch("draft_get", {"id": id, "party": party})
        return self._opened(rows[0]) if rows else None

    def of(self, party: str, limit: int) -> Sequence[Draft]:
        """A party's drafts, those that were released last. Without their contents, which no list shows."""
        return [Draft(*row) for row in self._database.fetch("drafts_of", {"party": party, "limit": limit})]

    def count(self, party: str) -> DraftCount:
        return DraftCount(*self._database.fetch("drafts_waiting", (party,))[0])

    def leave(self, id: bytes, party: str, release: SignedRelease) -> Draft | None:
        """Leave a draft's signed statement for a time. None where there is no such draft to be released, its key is
        gone, or the releaser is its drafter."""
        secret = self._keys.get(id.hex())
        if secret is None:
            return None
        statement_id, body = release.statement_id, release.body
        params = {
            "id": id,
            "party": party,
            "releaser": release.releaser,
            "statement": encrypt_part(secret, id, "statement", statement_id, release.statement),
            "statement_id": statement_id,
            "body": None if body is None else encrypt_part(secret, id, "body", statement_id, body),
            "commitment": None if body is None else sha256(body).digest(),
            "release_at": release.at,
        }
        rows = self._database.execute("draft_leave", params)
        return self._opened(rows[0]) if rows else None

    def call_back(self, id: bytes, party: str, *, officer: str, at: int) -> Draft | None:
        """Make one that was left a draft again, by its drafter or by whoever left it. None where it is not left any
        more, or by another officer."""
        rows = self._database.execute("draft_call_back", {"id": id, "party": party, "officer": officer, "at": at})
        return self._opened(rows[0]) if rows else None

    def discard(self, id: bytes, party: str, *, officer: str) -> bool:
        """Take a draft that nobody left away, by its drafter; whether it was there."""
        if not self._database.execute("draft_discard", {"id": id, "party": party, "officer": officer}):
            return False
        self._keys.destroy(id.hex())
        return True

    def claim(self, at: int, id: bytes | None = None) -> Sequence[Draft]:
        """Take those whose time has come, or the one `id` alone, for `RELEASE_LEASE_SECONDS`. Nobody else gets them
        before that, and nobody calls them back any more."""
        params = {"at": at, "leased_until": at + RELEASE_LEASE_SECONDS, "id": id, "limit": _CLAIMED_AT_ONCE}
        return [self._opened(row) for row in self._database.execute("draft_claim", params)]

    def released(self, draft: Draft, *, entry: int | None, at: int) -> bool:
        """Note that the claimed draft's statement is in the book; whether nobody else did before."""
        params = {"id": draft.id, "statement_id": draft.statement_id, "entry": entry, "at": at}
        if not self._database.execute("draft_released", params):
            return False
        self._keys.destroy(draft.id.hex())
        return True

    def refused(self, draft: Draft, *, rule: str, zh: str, en: str, at: int) -> bool:
        """Note why the book does not take the claimed draft's statement; whether nobody else settled it before."""
        params = {"id": draft.id, "statement_id": draft.statement_id, "at": at, "rule": rule, "zh": zh, "en": en}
        return bool(self._database.execute("draft_refused", params))

    def encrypt_old(self) -> int:
        """Encrypt the rows of before drafts were encrypted, an old backup's among them; how many were."""
        count = 0
        for id, document, statement, statement_id, body in self._database.fetch("drafts_not_encrypted", ()):
            secret = self._keys.get(id.hex()) or self._keys.make(id.hex())
            params = {
                "id": id,
                "document": encrypt_part(secret, id, "document", None, document),
                "statement": statement and encrypt_part(secret, id, "statement", statement_id, statement),
                "statement_id": statement_id,
                "body": body and encrypt_part(secret, id, "body", statement_id, body),
                "commitment": body and sha256(body).digest(),
            }
            count += len(self._database.execute("draft_encrypt", params))
        return count

    def _opened(self, row: tuple[Any, ...]) -> Draft:
        """A row with its contents, decrypted."""
        draft = Draft(*row)
        if row[_DOCUMENT] is None:
            return draft
        secret = self._keys.get(draft.id.hex())
        readable = secret is not None
        document: str | None = None
        statement = body = None
        if secret is not None:
            try:
                document = decrypt_part(secret, draft.id, "document", None, row[_DOCUMENT]).decode()
                if draft.statement is not None:
                    statement = decrypt_part(secret, draft.id, "statement", draft.statement_id, draft.statement)
                if draft.body is not None:
                    body = decrypt_part(secret, draft.id, "body", draft.statement_id, draft.body)
            except Corrupted as error:  # one of many: its neighbours are released nevertheless
                _LOG.error("%s", error)
                document = statement = body = None
                readable = False
        return replace(draft, document=document, statement=statement, body=body, readable=readable)
