"""Verifier keys ("vkeys"): the public keys of logs and witnesses, with names (C2SP signed-note v1.0.0).

Plain Ed25519 note signatures (type 0x01) are verified here. Cosigners' keys can be read and written; what those
sign is another module's business.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature

from ledger.errors import Malformed, Refuted
from ledger.limits import NOTE_BYTES_MAX
from ledger.tlog.ed25519 import read_ed25519

__all__ = [
    "COSIGNATURE_ED25519",
    "COSIGNATURE_ML_DSA_44",
    "ED25519",
    "KEY_ID_BYTES",
    "VerifierKey",
    "check_name",
    "decode_base64",
    "encode_base64",
]

ED25519: Final = 0x01
COSIGNATURE_ED25519: Final = 0x04
COSIGNATURE_ML_DSA_44: Final = 0x06
KEY_ID_BYTES: Final = 4
_KEY_BYTES: Final = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name, as text `<name>+<key id in hex>+<base64(type ‖ key)>` (a "vkey").

    `type` is a signature type byte, `key` 32 bytes (Ed25519) or 1,312 (ML-DSA-44). Raises `Malformed` for others.
    """

    name: str
    type: int
    key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key) != _KEY_BYTES.get(self.type):
            raise Malformed(f"not a verifier key of a known type: {self.type:#04x}, {len(self.key)} bytes")
        if self.type in (ED25519, COSIGNATURE_ED25519):
            read_ed25519(self.key)

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4] (C2SP signed-note, "Signatures")."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.key).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey. Raises `Malformed` unless it is in canonical form and its key id is the right one."""
        name, _, rest = text[:NOTE_BYTES_MAX].partition("+")
        material = decode_base64(rest.partition("+")[2])
        key = cls(name, material[0] if material else -1, material[1:])
        if key.format() != text:
            raise Malformed(f"not a verifier key: {text[:80]!r}")
        return key

    def format(self) -> str:
        """The inverse of `parse`."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.type]) + self.key)}"

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check an Ed25519 signature of 64 bytes over the text (C2SP signed-note, "Ed25519 signatures"; RFC 8032).

        Raises `Refuted`, also for keys of cosigners: those sign no plain notes.
        """
        if self.type != ED25519:
            raise Refuted(f"the key {self.name} signs no plain notes")
        try:
            read_ed25519(self.key).verify(signature, text)
        except InvalidSignature:
            raise Refuted(f"the signature of {self.name} does not hold") from None


def check_name(name: str) -> None:
    """Raise `Malformed` if empty, or with white space, plus or control characters (C2SP signed-note, "Format")."""
    if not _NAME.fullmatch(name):
        raise Malformed(f"not a key name: {name[:80]!r}")


def encode_base64(data: bytes) -> str:
    """Base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The inverse of `encode_base64`. Raises `Malformed` for other spellings of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"not base64: {text[:80]!r}") from None
    if encode_base64(data) != text:  # unused bits set, or more padding than it takes
        raise Malformed(f"not canonical base64: {text[:80]!r}")
    return data
