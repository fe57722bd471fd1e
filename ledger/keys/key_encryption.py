"""Private keys as PKCS#8 in PEM, and their files; under a passphrase with PBES2, as the browser's key files have it.

PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018 §6.2, RFC 5958 §3). `cryptography` writes the same form, but with 2,048
iterations, which a thief's machine goes through in no time; OWASP's Password Storage Cheat Sheet (2023) asks for ours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import Malformed

__all__ = ["ITERATIONS", "load_pem", "private_pem", "write_private_file"]

ITERATIONS: Final = 600_000
_SALT_BYTES: Final = 16
_BLOCK_BYTES: Final = 16


def private_pem(private: PrivateKeyTypes, passphrase: str | None) -> bytes:
    """A private key in PEM, encrypted if a passphrase is given. `cryptography` and OpenSSL read both."""
    form, plain = PrivateFormat.PKCS8, NoEncryption()
    if passphrase is None:
        return private.private_bytes(Encoding.PEM, form, plain)
    return _encrypted(private.private_bytes(Encoding.DER, form, plain), passphrase)


def load_pem(data: bytes, passphrase: str | None, *, path: Path, what: str) -> PrivateKeyTypes:
    """The private key in the PEM of the file at `path`, which ought to hold `what`, a word such as "private key".

    Raises `Malformed` (none, wrong or missing passphrase).
    """
    try:
        return load_pem_private_key(data, None if passphrase is None else passphrase.encode())
    except TypeError:
        word = "needs a passphrase" if passphrase is None else "is not encrypted, but a passphrase was given"
        raise Malformed(f"{path} {word}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed(f"{path} holds no {what}, or the passphrase is wrong") from None


def write_private_file(path: Path, content: bytes) -> None:
    """A new file of mode 0600, durable on return. Raises `FileExistsError`, or another `OSError`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _encrypted(pkcs8: bytes, passphrase: str) -> bytes:
    # a tenth of the time that a command takes to start, for those who give a passphrase
    from asn1crypto import core, keys, pem  # noqa: PLC0415

    salt, iv = os.urandom(_SALT_BYTES), os.urandom(_BLOCK_BYTES)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, ITERATIONS).derive(passphrase.encode())
    padder, encryptor = PKCS7(8 * _BLOCK_BYTES).padder(), Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    content = encryptor.update(padder.update(pkcs8) + padder.finalize()) + encryptor.finalize()
    prf = {"algorithm": "sha256", "parameters": core.Null()}  # not left out: RFC 8018 appendix B.1.2
    derived = {"salt": {"specified": salt}, "iteration_count": ITERATIONS, "prf": prf}
    scheme = {
        "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derived},
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": iv},
    }
    info = {"encryption_algorithm": {"algorithm": "pbes2", "parameters": scheme}, "encrypted_data": content}
    return bytes(pem.armor("ENCRYPTED PRIVATE KEY", keys.EncryptedPrivateKeyInfo(info).dump()))
