"""The keys of attachments: a file for each, in a folder that is neither in the database nor in its backups.

`FOLDER/<id>.key` holds 64 bytes, owner-only: the AES-256 key and the salt of the commitment. Whoever destroys the file
destroys the attachment, in every copy of the database, too.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Misconfigured, Refuted

__all__ = ["AttachmentSecret", "KeyFolder", "commitment_of", "decrypt", "encrypt", "sync_folder"]

_PART_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID: Final = re.compile("[0-9a-f]{32}")


class AttachmentSecret(NamedTuple):
    """What lies outside of the database: the AES-256 key and the salt of the commitment, 32 bytes each."""

    key: bytes
    salt: bytes


class KeyFolder:
    """One folder of key files. `id` is the attachment's, 32 hexadecimal digits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, id_: str) -> AttachmentSecret:
        """A fresh secret, durable before this returns. A crash leaves a file that no attachment needs, or none."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = AttachmentSecret(os.urandom(_PART_BYTES), os.urandom(_PART_BYTES))
        descriptor = os.open(self._path(id_), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret.key + secret.salt)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)
        return secret

    def get(self, id_: str) -> AttachmentSecret | None:
        """The secret; None once it is destroyed. Raises `Misconfigured` for a file that is not whole."""
        try:
            data = self._path(id_).read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != 2 * _PART_BYTES:
            raise Misconfigured(f"{self._path(id_)} is no key file")
        return AttachmentSecret(data[:_PART_BYTES], data[_PART_BYTES:])

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


def commitment_of(secret: AttachmentSecret, content: bytes) -> bytes:
    """SHA-256 over salt and content: says nothing about the content to whoever has not the salt."""
    return sha256(secret.salt + content).digest()


def encrypt(secret: AttachmentSecret, id_: str, content: bytes) -> bytes:
    """Nonce and ciphertext (AES-256-GCM, NIST SP 800-38D), bound to the id. Each key encrypts once."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret.key).encrypt(nonce, content, bytes.fromhex(id_))


def decrypt(secret: AttachmentSecret, id_: str, data: bytes, commitment: bytes) -> bytes:
    """The content. Raises `Refuted` where data, id or commitment are not what was encrypted."""
    try:
        content = AESGCM(secret.key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bytes.fromhex(id_))
    except (InvalidTag, ValueError):
        raise Refuted(f"the stored attachment {id_} was tampered with") from None
    if commitment_of(secret, content) != commitment:
        raise Refuted(f"the attachment {id_} is not what its commitment says")
    return content


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
