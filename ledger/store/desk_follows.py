"""Who asked to be told of an enterprise by mail: `desk.follows`. For `party:…` a party's officers, of what concerns it.

    asked ──the link in the mail──▶ confirmed ──the link in any mail──▶ gone, with its key and what was to be sent

Whether an address is known here is told to nobody: whoever asks hears the same in each case.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ledger.limits import (
    FOLLOW_ASKED_SECONDS_MAX,
    FOLLOWS_ASKED_MAX,
    FOLLOWS_ASKED_PER_ADDRESS_MAX,
    FOLLOWS_ASKED_PER_CLIENT_MAX,
    FOLLOWS_PER_ADDRESS_MAX,
)
from ledger.store.connect import Database
from ledger.store.key_folder import KeyFolder
from ledger.store.receiver_encryption import address_hash, decrypt_receiver, encrypt_receiver

__all__ = ["DeskFollows", "MailFollow"]


@dataclass(frozen=True, slots=True)
class MailFollow:
    """A row. Times are Unix seconds; the address is encrypted in `receiver`."""

    id: bytes
    subject: str
    address_hash: bytes
    receiver: bytes
    language: Literal["zh", "en"]
    asked_at: int
    confirmed_at: int | None


class DeskFollows:
    """Every method may raise `Unavailable`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, keys: KeyFolder, *, subject: str, address: str, language: str, client: bytes, at: int) -> None:
        """A new one, and the mail that asks for its confirmation; durable on return. Nothing where the address has one
        of this subject, or where it, the client, or all have too many that wait: and that is not told."""
        for (old,) in self._database.execute("follow_expire", (at - FOLLOW_ASKED_SECONDS_MAX,)):
            keys.destroy(old.hex())
        id = os.urandom(16)
        params = {
            "id": id,
            "subject": subject,
            "address_hash": address_hash(keys, address),
            "client": client,
            "receiver": encrypt_receiver(keys, id, address.encode()),
            "language": language,
            "at": at,
            "most_asked": FOLLOWS_ASKED_MAX,
            "most_of_client": FOLLOWS_ASKED_PER_CLIENT_MAX,
            "most_asked_of_address": FOLLOWS_ASKED_PER_ADDRESS_MAX,
            "most_of_address": FOLLOWS_PER_ADDRESS_MAX,
        }
        if not self._database.execute("follow_ask", params):
            keys.destroy(id.hex())

    def get(self, id: bytes) -> MailFollow | None:
        rows = self._database.fetch("follow_get", (id,))
        return MailFollow(*rows[0]) if rows else None

    def of(self, subject: str) -> Sequence[MailFollow]:
        """Those of one subject, the oldest first."""
        return [MailFollow(*row) for row in self._database.fetch("follows_of", (subject,))]

    def address(self, follow: MailFollow, keys: KeyFolder) -> str | None:
        """Where to; None once its key is destroyed. Raises `Corrupted`."""
        content = decrypt_receiver(keys, follow.id, follow.receiver)
        return None if content is None else content.decode()

    def confirm(self, id: bytes, at: int) -> bool:
        """Whether it was there and not confirmed before."""
        return bool(self._database.execute("follow_confirm", {"id": id, "at": at}))

    def end(self, id: bytes, keys: KeyFolder) -> bool:
        """Take it away, the address and what was still to be sent to it; whether it was there."""
        there = bool(self._database.execute("follow_end", {"id": id}))
        keys.destroy(id.hex())
        return there
