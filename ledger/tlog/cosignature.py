"""Cosignatures: what witnesses say of a checkpoint, with the time at which they said it (C2SP tlog-cosignature v1.1.0).

Ed25519 (`cosignature/v1`, type 0x04) and ML-DSA-44 (`subtree/v1`, type 0x06) are made and verified here; ML-DSA-44
where the installed `cryptography` and its OpenSSL have it, else refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.limits import TREE_SIZE_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.ed25519 import read_ed25519
from ledger.tlog.note import Signature, Verifier
from ledger.tlog.vkey import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, VerifierKey

__all__ = ["Cosignature", "Cosigner", "CosignerKey", "cosigned_message", "verifier_of"]

_TIME_BYTES: Final = 8
_TIME_MAX: Final = 2**63 - 1
_SIGNATURE_BYTES: Final = {COSIGNATURE_ED25519: 64, COSIGNATURE_ML_DSA_44: 2_420}
_NAME_BYTES_MAX: Final = 255  # of a cosigner or an origin in what ML-DSA-44 signs


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that holds: only `CosignerKey.open` gives one. `timestamp` in Unix seconds."""

    key: VerifierKey
    timestamp: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A cosigner's public key as a `Verifier` of notes. Raises `Malformed` for a key that signs plain notes."""

    key: VerifierKey

    def __post_init__(self) -> None:
        if self.key.type not in _SIGNATURE_BYTES:
            raise Malformed(f"{self.key.name} is not a cosigner's key: type {self.key.type:#04x}")

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def key_id(self) -> bytes:
        return self.key.key_id

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check a `timestamped_signature` over the checkpoint `text` ("Format"). Raises `Refuted`, `Uncheckable`."""
        self._timestamp(text, signature)

    def open(self, text: bytes, line: Signature) -> Cosignature:
        """The cosignature that a signature line of this key holds. Raises `Refuted`, `Uncheckable`."""
        if (line.name, line.key_id) != (self.name, self.key_id):
            raise Refuted(f"the cosignature is of {line.name}, not of {self.name}")
        return Cosignature(self.key, self._timestamp(text, line.signature), line)

    def _timestamp(self, text: bytes, signature: bytes) -> int:
        if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES[self.key.type]:
            raise Refuted(f"not a cosignature: that of {self.name}")
        timestamp = int.from_bytes(signature[:_TIME_BYTES])
        if timestamp > _TIME_MAX:
            raise Refuted(f"the cosignature of {self.name} has an impossible time")
        try:
            if self.key.type == COSIGNATURE_ED25519:
                read_ed25519(self.key.key).verify(signature[_TIME_BYTES:], cosigned_message(text, timestamp))
            else:
                _verify_ml_dsa_44(self.key, signature[_TIME_BYTES:], _subtree_message(self.name, text, timestamp))
        except (InvalidSignature, ValueError):
            raise Refuted(f"the cosignature of {self.name} does not hold") from None
        except UnsupportedAlgorithm:
            raise Uncheckable(f"{self.name} cosigns with ML-DSA-44, which this installation does not support") from None
        return timestamp


class Cosigner:
    """A witness's name and private key, Ed25519 or ML-DSA-44; `key` is what others verify with.

    The key must be used for nothing else: what an Ed25519 key signs does not name the witness ("Ed25519 signed
    message"). Raises `Malformed` for a key of another kind.
    """

    def __init__(self, name: str, private_key: object) -> None:
        if isinstance(private_key, Ed25519PrivateKey):
            kind = COSIGNATURE_ED25519
        elif isinstance(private_key, MLDSA44PrivateKey):
            kind = COSIGNATURE_ML_DSA_44
        else:
            raise Malformed("a witness's key is Ed25519 or ML-DSA-44 (C2SP tlog-cosignature)")
        self._private_key = private_key
        self.key = VerifierKey(name, kind, private_key.public_key().public_bytes_raw())

    def sign(self, text: bytes, timestamp: int) -> Signature:
        """Cosign a checkpoint's note text at `timestamp` (Unix seconds).

        Raises `Malformed` if it is none, `Refuted` for a name that is too long for an ML-DSA-44 cosignature.
        """
        parse_checkpoint(text)
        if not 0 <= timestamp <= _TIME_MAX:
            raise Malformed(f"not a time: {timestamp}")
        if self.key.type == COSIGNATURE_ED25519:
            made = self._private_key.sign(cosigned_message(text, timestamp))
        else:
            made = self._private_key.sign(_subtree_message(self.key.name, text, timestamp))
        return Signature(self.key.name, self.key.key_id, timestamp.to_bytes(_TIME_BYTES) + made)


def cosigned_message(text: bytes, timestamp: int) -> bytes:
    """What an Ed25519 cosigner signs: two lines, then the note text ("Ed25519 signed message")."""
    return f"cosignature/v1\ntime {timestamp}\n".encode() + text


def verifier_of(key: VerifierKey) -> Verifier:
    """What verifies note signatures of any known type: the key itself, or a cosigner's."""
    return CosignerKey(key) if key.type in _SIGNATURE_BYTES else key


def _subtree_message(name: str, text: bytes, timestamp: int) -> bytes:
    """`cosigned_message` for a whole tree ("ML-DSA-44 signed message"). Raises `Malformed`, `Refuted`."""
    head = parse_checkpoint(text)
    parts = [b"subtree/v1\n\0"]
    for label in (name.encode(), head.origin.encode()):
        if len(label) > _NAME_BYTES_MAX:
            raise Refuted(f"a name too long for an ML-DSA-44 cosignature: {label[:80]!r}")
        parts.append(bytes([len(label)]) + label)
    parts.insert(2, timestamp.to_bytes(8))
    assert head.size <= TREE_SIZE_MAX  # so says the checkpoint
    return b"".join((*parts, (0).to_bytes(8), head.size.to_bytes(8), head.root))


def _verify_ml_dsa_44(key: VerifierKey, signature: bytes, message: bytes) -> None:
    MLDSA44PublicKey.from_public_bytes(key.key).verify(signature, message)
