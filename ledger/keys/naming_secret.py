"""A secret from which names are derived, and the files that hold such secrets. It signs nothing.

Who has the secret can tell the names that derive from an identity, and so whether a guessed identity is the right
one; who has it not can do neither. Unlike a key it is never rotated: what it named once it names again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ledger.errors import Malformed
from ledger.keys.key_encryption import load_pem, private_pem, write_private_file
from ledger.limits import SECRETS_FILE_BYTES_MAX

__all__ = ["NamingSecret", "load_secrets", "save_secrets"]

_BYTES: Final = 32
_PEM: Final = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


@dataclass(frozen=True, slots=True, repr=False)
class NamingSecret:
    """32 bytes."""

    value: bytes

    @classmethod
    def extract(cls, material: bytes) -> NamingSecret:
        """HKDF-Extract with SHA-256 and no salt (RFC 5869 §2.2): it does not lead back to `material`."""
        extraction = hmac.HMAC(bytes(32), hashes.SHA256())
        extraction.update(material)
        return cls(extraction.finalize())

    def derive(self, label: str, identity: bytes, length: int = 16) -> bytes:
        """Bytes that only a holder of this secret can tell from `identity`, the same every time.

        HKDF-Expand (RFC 5869 §2.3); `label` keeps uses apart.
        """
        info = b"credit-ledger\0" + label.encode() + b"\0" + identity
        return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(self.value)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits by which people compare two copies; it says nothing about the secret."""
        return sha256(b"credit-ledger secret\0" + self.value).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Secret({self.fingerprint})"


def save_secrets(path: Path, secrets: Sequence[NamingSecret], passphrase: str | None = None) -> None:
    """Write them in order, mode 0600, encrypted if a passphrase is given; durable on return.

    Each is a PKCS#8 PEM block of the kind that RFC 8410 has for X25519, 32 bytes as they are: encrypted like a key,
    and never taken for one that signs. Never overwrites: raises `FileExistsError`, or another `OSError`.
    """
    blocks = [private_pem(X25519PrivateKey.from_private_bytes(one.value), passphrase) for one in secrets]
    write_private_file(path, b"".join(blocks))


def load_secrets(path: Path, passphrase: str | None = None) -> tuple[NamingSecret, ...]:
    """Read what `save_secrets` wrote, one at least. Raises `Malformed` (none, wrong or no passphrase), `OSError`."""
    data = path.read_bytes()
    if len(data) > SECRETS_FILE_BYTES_MAX:
        raise Malformed(f"{path} is too long for a file of secrets")
    secrets = tuple(_read(path, block, passphrase) for block in _PEM.findall(data))
    if not secrets:
        raise Malformed(f"{path} holds no secret")
    return secrets


def _read(path: Path, block: bytes, passphrase: str | None) -> NamingSecret:
    found = load_pem(block, passphrase, path=path, what="secret")
    if not isinstance(found, X25519PrivateKey):
        raise Malformed(f"{path} holds a key that signs, not a secret: `credit-ledger key import-secret` makes one")
    value = found.private_bytes_raw()
    assert len(value) == _BYTES  # RFC 7748 §5
    return NamingSecret(value)
