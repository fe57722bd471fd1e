"""Complaint files as they are stored: AES-256-GCM under a key of each file's own, outside of the database.

The keys lie in a folder as those of attachments do (`attachment_keys.py`), in no backup of the database. Whoever
destroys one has erased the file in every copy of the database, too.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Corrupted
from ledger.store.attachment_keys import AttachmentSecret

__all__ = ["decrypt_file", "encrypt_file"]

_NONCE_BYTES: Final = 12
_USE: Final = b"credit-ledger complaint file\0"


def encrypt_file(secret: AttachmentSecret, case_id: bytes, version: int, content: bytes) -> bytes:
    """Nonce and ciphertext (NIST SP 800-38D), bound to the case and to its version: an older one passes for no newer.

    The nonce is random: a file is written some hundred times at most, far from where 96 bits repeat.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret.key).encrypt(nonce, content, _bound(case_id, version))


def decrypt_file(secret: AttachmentSecret, case_id: bytes, version: int, stored: bytes) -> bytes:
    """What was encrypted. Raises `Corrupted` where file, case or version are others."""
    try:
        return AESGCM(secret.key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], _bound(case_id, version))
    except (InvalidTag, ValueError):
        raise Corrupted(f"the stored complaint file of case {case_id.hex()} was tampered with") from None


def _bound(case_id: bytes, version: int) -> bytes:
    return _USE + case_id + version.to_bytes(4, "big")
