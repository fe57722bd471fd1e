"""Attachments at rest: ciphertexts in the database. How they are encrypted is in `attachment_encryption.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from ledger.limits import (
    ATTACHMENT_HOLD_SECONDS,
    ATTACHMENTS_HELD_BYTES_MAX,
    ATTACHMENTS_HELD_OF_ONE_BYTES_MAX,
)
from ledger.store.array_parameters import Byteas
from ledger.store.connect import Database
from ledger.store.upload_owners import Owner, full

__all__ = ["AttachmentStore", "MemoryAttachments", "PostgresAttachments", "StoredAttachment"]

_WHAT: Final = "attachments that no entry names yet"
_DROP_FROM_SECONDS: Final = 60 * 86_400  # what is older than that was dropped long ago, or is named


class StoredAttachment(NamedTuple):
    """An attachment as stored. `size_bytes` is its content's length, `ciphertext` None once it is erased."""

    id: bytes
    commitment: bytes
    media_type: str
    size_bytes: int
    party: str
    uploaded_at: int
    ciphertext: bytes | None


class AttachmentStore(Protocol):
    """Every method may raise `Unavailable`."""

    def put(self, attachment: StoredAttachment) -> None:
        """Store an upload; raises `Busy` past the party's quota, or `ATTACHMENTS_HELD_BYTES_MAX`, of what no entry
        names."""

    def drop_unnamed(self, now: int) -> Sequence[bytes]:
        """Drop what no entry named within twice `ATTACHMENT_HOLD_SECONDS`; their ids."""

    def get(self, id_: bytes) -> StoredAttachment | None:
        """What is stored under the id."""

    def erase(self, ids: Sequence[bytes]) -> None:
        """Destroy the ciphertexts; once destroyed, the same again is no error."""


class PostgresAttachments:
    """`AttachmentStore` in `ledger.attachments`."""

    def __init__(
        self,
        database: Database,
        *,
        held_bytes_max: int = ATTACHMENTS_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = ATTACHMENTS_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self._database = database
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max

    def put(self, attachment: StoredAttachment) -> None:
        given = attachment._asdict() | {
            "now": attachment.uploaded_at,
            "after": attachment.uploaded_at - 2 * ATTACHMENT_HOLD_SECONDS,
            "room": self._held_bytes_max - attachment.size_bytes,
            "own_room": self._held_of_one_bytes_max - attachment.size_bytes,
        }
        if not self._database.execute("put_attachment", given):
            held = self._database.fetch("held_attachments_of", {"party": given["party"], "after": given["after"]})[0][0]
            owner = Owner("party", attachment.party)
            raise full(_WHAT, owner, own=held > given["own_room"], retry_after_seconds=600)

    def drop_unnamed(self, now: int) -> Sequence[bytes]:
        given = {"until": now - 2 * ATTACHMENT_HOLD_SECONDS, "from": now - _DROP_FROM_SECONDS}
        return [row[0] for row in self._database.execute("drop_unnamed_attachments", given)]

    def get(self, id_: bytes) -> StoredAttachment | None:
        rows = self._database.fetch("attachment", (id_,))
        return StoredAttachment(*rows[0]) if rows else None

    def erase(self, ids: Sequence[bytes]) -> None:
        self._database.execute("erase_attachments", (Byteas(ids),))


class MemoryAttachments:
    """`AttachmentStore` in memory; `named` says whether an entry names the id."""

    def __init__(
        self,
        named: Callable[[bytes], bool],
        *,
        held_bytes_max: int = ATTACHMENTS_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = ATTACHMENTS_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self._named = named
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max
        self._lock = threading.Lock()
        self._rows: dict[bytes, StoredAttachment] = {}

    def put(self, attachment: StoredAttachment) -> None:
        with self._lock:
            after = attachment.uploaded_at - 2 * ATTACHMENT_HOLD_SECONDS
            waiting = [row for row in self._rows.values() if row.uploaded_at > after and not self._named(row.id)]
            held = sum(row.size_bytes for row in waiting) + attachment.size_bytes
            own = sum(row.size_bytes for row in waiting if row.party == attachment.party) + attachment.size_bytes
            if own > self._held_of_one_bytes_max or held > self._held_bytes_max:
                owner = Owner("party", attachment.party)
                raise full(_WHAT, owner, own=own > self._held_of_one_bytes_max, retry_after_seconds=600)
            self._rows[attachment.id] = attachment

    def drop_unnamed(self, now: int) -> Sequence[bytes]:
        with self._lock:
            until = now - 2 * ATTACHMENT_HOLD_SECONDS
            dropped = [row.id for row in self._rows.values() if row.uploaded_at <= until and not self._named(row.id)]
            for id_ in dropped:
                del self._rows[id_]
            return dropped

    def get(self, id_: bytes) -> StoredAttachment | None:
        return self._rows.get(id_)

    def erase(self, ids: Sequence[bytes]) -> None:
        with self._lock:
            for id_ in ids:
                if id_ in self._rows:
                    self._rows[id_] = self._rows[id_]._replace(ciphertext=None)
