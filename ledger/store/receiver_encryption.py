"""Where notices go to, as it is stored: AES-256-GCM under a key of each row's own, outside of the database.

The keys lie in a folder as those of attachments do (`attachment_keys.py`), in no backup of the database. Whoever
destroys one has erased the address in every copy of the database, too.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Corrupted
from ledger.store.attachment_keys import KeyFolder

__all__ = ["decrypt_receiver", "encrypt_receiver"]

_NONCE_BYTES: Final = 12
_USE: Final = b"credit-ledger receiver\0"


def encrypt_receiver(keys: KeyFolder, id: bytes, content: bytes) -> bytes:
    """Nonce and ciphertext (NIST SP 800-38D), bound to the row's id, under a fresh key that is durable on return."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(keys.make(id.hex()).key).encrypt(nonce, content, _USE + id)


def decrypt_receiver(keys: KeyFolder, id: bytes, stored: bytes) -> bytes | None:
    """What was encrypted; None once its key is destroyed. Raises `Corrupted` where row and content do not belong
    together."""
    secret = keys.get(id.hex())
    if secret is None:
        return None
    try:
        return AESGCM(secret.key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], _USE + id)
    except (InvalidTag, ValueError):
        raise Corrupted(f"the stored receiver {id.hex()} was tampered with") from None
