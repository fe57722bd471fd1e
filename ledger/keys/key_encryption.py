"""Private keys as PKCS#8 in PEM; under a passphrase with PBES2, as the browser's key files have it.

PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018 §6.2, RFC 5958 §3). `cryptography` writes the same form, but with 2,048
iterations, which a thief's machine goes through in no time; OWASP's Password Storage Cheat Sheet (2023) asks for ours.
"""

from __future__ import annotations

import os
from typing import Final

from asn1crypto import core, keys, pem
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

__all__ = ["ITERATIONS", "private_pem"]

ITERATIONS: Final = 600_000
_SALT_BYTES: Final = 16
_BLOCK_BYTES: Final = 16


def private_pem(private: PrivateKeyTypes, passphrase: str | None) -> bytes:
    """A private key in PEM, encrypted if a passphrase is given. `cryptography` and OpenSSL read both."""
    form, plain = PrivateFormat.PKCS8, NoEncryption()
    if passphrase is None:
        return private.private_bytes(Encoding.PEM, form, plain)
    return _encrypted(private.private_bytes(Encoding.DER, form, plain), passphrase)


def _encrypted(pkcs8: bytes, passphrase: str) -> bytes:
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
