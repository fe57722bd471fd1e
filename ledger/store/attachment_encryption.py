"""Attachments as they are stored: each under a key of its own (`key_folder.py`), and the commitment to them.

The commitment stands in the log, salted: it says nothing about the content to whoever has not the salt.
"""

from __future__ import annotations

from hashlib import sha256

from ledger.errors import Corrupted, Refuted
from ledger.store.key_folder import FolderSecret, decrypt, encrypt

__all__ = ["commitment_of", "decrypt_attachment", "encrypt_attachment"]


def commitment_of(secret: FolderSecret, content: bytes) -> bytes:
    """SHA-256 over salt and content."""
    return sha256(secret.salt + content).digest()


def encrypt_attachment(secret: FolderSecret, id_: str, content: bytes) -> bytes:
    """Nonce and ciphertext, bound to the id. Each key encrypts once."""
    return encrypt(secret, bytes.fromhex(id_), content)


def decrypt_attachment(secret: FolderSecret, id_: str, data: bytes, commitment: bytes) -> bytes:
    """The content. Raises `Refuted` where data, id or commitment are not what was encrypted."""
    try:
        content = decrypt(secret, bytes.fromhex(id_), data, f"the stored attachment {id_}")
    except Corrupted as corrupted:
        raise Refuted(str(corrupted)) from None
    if commitment_of(secret, content) != commitment:
        raise Refuted(f"the attachment {id_} is not what its commitment says")
    return content
