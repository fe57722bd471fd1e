"""Drafts as they are stored: AES-256-GCM under a key of each draft's own, outside of the database.

The keys lie in a folder as those of attachments do (`attachment_keys.py`), in no backup of the database.
"""

from __future__ import annotations

import os
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Corrupted
from ledger.store.attachment_keys import AttachmentSecret

__all__ = ["DraftPart", "decrypt_part", "encrypt_part"]

DraftPart = Literal["document", "statement", "body"]
_NONCE_BYTES: Final = 12
_USE: Final = b"credit-ledger draft\0"


def encrypt_part(
    secret: AttachmentSecret, draft_id: bytes, part: DraftPart, statement_id: bytes | None, content: bytes
) -> bytes:
    """Nonce and ciphertext (NIST SP 800-38D), bound to the draft, to which part of it this is, and of a statement and
    its body to the statement's id: one that was called back passes for no other.

    The nonce is random: a draft is left some ten times at most, far from where 96 bits repeat.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret.key).encrypt(nonce, content, _bound(draft_id, part, statement_id))


def decrypt_part(
    secret: AttachmentSecret, draft_id: bytes, part: DraftPart, statement_id: bytes | None, stored: bytes
) -> bytes:
    """What was encrypted. Raises `Corrupted` where anything is another."""
    nonce, ciphertext = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
    try:
        return AESGCM(secret.key).decrypt(nonce, ciphertext, _bound(draft_id, part, statement_id))
    except (InvalidTag, ValueError):
        raise Corrupted(f"the stored {part} of draft {draft_id.hex()} was tampered with") from None


def _bound(draft_id: bytes, part: DraftPart, statement_id: bytes | None) -> bytes:
    return _USE + draft_id + part.encode() + b"\0" + (b"" if part == "document" else statement_id or b"")
