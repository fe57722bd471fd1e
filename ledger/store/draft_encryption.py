"""Drafts as they are stored: each under a key of its own, outside of the database (`key_folder.py`)."""

from __future__ import annotations

from typing import Final, Literal

from ledger.store.key_folder import FolderSecret, decrypt, encrypt

__all__ = ["DraftPart", "decrypt_part", "encrypt_part"]

DraftPart = Literal["document", "statement", "body"]
_USE: Final = b"credit-ledger draft\0"


def encrypt_part(
    secret: FolderSecret, draft_id: bytes, part: DraftPart, statement_id: bytes | None, content: bytes
) -> bytes:
    """Nonce and ciphertext, bound to the draft, to which part of it this is, and of a statement and its body to the
    statement's id: one that was called back passes for no other."""
    return encrypt(secret, _bound(draft_id, part, statement_id), content)


def decrypt_part(
    secret: FolderSecret, draft_id: bytes, part: DraftPart, statement_id: bytes | None, stored: bytes
) -> bytes:
    """What was encrypted. Raises `Corrupted` where anything is another."""
    bound = _bound(draft_id, part, statement_id)
    return decrypt(secret, bound, stored, f"the stored {part} of draft {draft_id.hex()}")


def _bound(draft_id: bytes, part: DraftPart, statement_id: bytes | None) -> bytes:
    return _USE + draft_id + part.encode() + b"\0" + (b"" if part == "document" else statement_id or b"")
