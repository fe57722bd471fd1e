"""Keys outside of the database: a file for each attachment, complaint file, draft or receiver of notices.

`FOLDER/<id>.key` holds 64 bytes, owner-only, in no backup of the database: an AES-256 key, and a salt for a commitment.
Whoever destroys the file destroys what is encrypted under it, in every copy of the database, too.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Corrupted, Misconfigured

__all__ = ["FolderSecret", "KeyFolder", "decrypt", "encrypt", "sync_folder"]

_PART_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID: Final = re.compile("[0-9a-f]{32}")


class FolderSecret(NamedTuple):
    """An AES-256 key and a salt, 32 bytes each."""

    key: bytes
    salt: bytes


class KeyFolder:
    """One folder of key files. `id` is that of what is encrypted, 32 hexadecimal digits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, id_: str) -> FolderSecret:
        """A fresh secret, durable before this returns. A crash leaves a file that nothing needs, or none."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = FolderSecret(os.urandom(_PART_BYTES), os.urandom(_PART_BYTES))
        descriptor = os.open(self._path(id_), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret.key + secret.salt)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)
        return secret

    def get(self, id_: str) -> FolderSecret | None:
        """The secret; None once it is destroyed. Raises `Misconfigured` for a file that is not whole."""
        try:
            data = self._path(id_).read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != 2 * _PART_BYTES:
            raise Misconfigured(f"{self._path(id_)} is no key file")
        return FolderSecret(data[:_PART_BYTES], data[_PART_BYTES:])

    def destroy(self, id_: str) -> None:
        """Overwrite and remove the file; once gone, the same again is no error. Durable before this returns."""
        path = self._path(id_)
        try:
            with path.open("r+b") as file:
                file.write(bytes(2 * _PART_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def _path(self, id_: str) -> Path:
        assert _ID.fullmatch(id_), "the id is checked at the edge"
        return self.folder / f"{id_}.key"


def encrypt(secret: FolderSecret, bound: bytes, content: bytes) -> bytes:
    """Nonce and ciphertext (AES-256-GCM, NIST SP 800-38D), bound to what `bound` says, which is said again to decrypt.

    The nonce is random: a key encrypts some hundred times at most, far from where 96 bits repeat.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret.key).encrypt(nonce, content, bound)


def decrypt(secret: FolderSecret, bound: bytes, stored: bytes, what: str) -> bytes:
    """What was encrypted; `what` names it. Raises `Corrupted` where key, content or `bound` is another."""
    try:
        return AESGCM(secret.key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise Corrupted(f"{what} was tampered with") from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
