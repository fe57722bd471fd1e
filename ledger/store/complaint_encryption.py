"""Complaint files as they are stored: each under a key of its own, outside of the database (`key_folder.py`).

Whoever destroys the key has erased the file in every copy of the database, too.
"""

from __future__ import annotations

from typing import Final

from ledger.store.key_folder import FolderSecret, decrypt, encrypt

__all__ = ["decrypt_file", "encrypt_file"]

_USE: Final = b"credit-ledger complaint file\0"


def encrypt_file(secret: FolderSecret, case_id: bytes, version: int, content: bytes) -> bytes:
    """Nonce and ciphertext, bound to the case and to its version: an older one passes for no newer."""
    return encrypt(secret, _bound(case_id, version), content)


def decrypt_file(secret: FolderSecret, case_id: bytes, version: int, stored: bytes) -> bytes:
    """What was encrypted. Raises `Corrupted` where file, case or version are others."""
    return decrypt(secret, _bound(case_id, version), stored, f"the stored complaint file of case {case_id.hex()}")


def _bound(case_id: bytes, version: int) -> bytes:
    return _USE + case_id + version.to_bytes(4, "big")
