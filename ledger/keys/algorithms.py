"""The closed table of signature algorithms, public keys, and their COSE_Key form.

Ed25519 (as EdDSA -8 or Ed25519 -19) and ECDSA over P-256 with SHA-256 (as ES256 -7 or ESP256 -9) with low S.
Anything else is refused by name. Adding an algorithm: a row here and its number in `ledger.cose.headers`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ledger.cose.cbor import decode, encode
from ledger.cose.headers import algorithm_name
from ledger.errors import Malformed, Refuted
from ledger.tlog.ed25519 import read_ed25519

__all__ = ["ALGORITHMS", "Algorithm", "PublicKey", "algorithm", "decode_key", "encode_key", "load_pem", "thumbprint"]

Kind = Literal["ed25519", "p256"]
NativeKey = Ed25519PublicKey | EllipticCurvePublicKey

# COSE_Key, RFC 9052 §7.1 and RFC 9053 §7
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_OKP, _EC2 = 1, 2
_CRV_P256, _CRV_ED25519 = 1, 6

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A row of the table: COSE number, name, and the kind of key that it takes."""

    number: int
    name: str
    kind: Kind


_KINDS: Final[Mapping[str, Kind]] = {"ES256": "p256", "ESP256": "p256", "EdDSA": "ed25519", "Ed25519": "ed25519"}
ALGORITHMS: Final[Mapping[int, Algorithm]] = MappingProxyType(
    {number: Algorithm(number, algorithm_name(number), _KINDS[algorithm_name(number)]) for number in (-7, -8, -9, -19)}
)


def algorithm(number: int) -> Algorithm:
    """The row of COSE algorithm `number`. Raises `Malformed`, naming it."""
    algorithm_name(number)
    return ALGORITHMS[number]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of the table. `cose_key` is its deterministic COSE_Key, `kid` that one's SHA-256."""

    kind: Kind
    native: NativeKey
    cose_key: bytes
    kid: bytes

    @property
    def pem(self) -> str:
        """SubjectPublicKeyInfo in PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.native.public_bytes(serialization.Encoding.PEM, form).decode("ascii")

    def alg_ok(self, alg: int) -> bool:
        """Whether COSE algorithm `alg` is in the table and takes a key of this kind."""
        return alg in ALGORITHMS and ALGORITHMS[alg].kind == self.kind

    def verify(self, alg: int, signature: bytes, data: bytes) -> None:
        """Check a raw signature (64 bytes; r ‖ s for ECDSA, RFC 9053 §2.1). Raises `Refuted`, `Malformed`."""
        if algorithm(alg).kind != self.kind:
            raise Refuted(f"algorithm {algorithm(alg).name} does not go with a key of kind {self.kind}")
        if len(signature) != 64:
            raise Refuted("a signature is 64 bytes")
        try:
            if isinstance(self.native, Ed25519PublicKey):
                self.native.verify(signature, data)
            else:
                self.native.verify(_der(signature), data, ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Refuted("the signature does not hold") from None


def _der(signature: bytes) -> bytes:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if s > P256_ORDER // 2:
        # n - s would verify as well: with only one of the two, nobody can vary a signed statement's bytes
        raise Refuted("the ECDSA signature is not low-S")
    return encode_dss_signature(r, s)


def wrap(native: object) -> PublicKey:
    """A `cryptography` public key as ours. Raises `Malformed` for a kind or curve that the table lacks."""
    if isinstance(native, Ed25519PublicKey):
        x = native.public_bytes_raw()
        return _public("ed25519", read_ed25519(x), {_KTY: _OKP, _CRV: _CRV_ED25519, _X: x})
    if isinstance(native, EllipticCurvePublicKey) and isinstance(native.curve, SECP256R1):
        point = native.public_numbers()
        x, y_bytes = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return _public("p256", native, {_KTY: _EC2, _CRV: _CRV_P256, _X: x, _Y: y_bytes})
    raise Malformed(f"a key of kind {type(native).__name__} is not supported, only Ed25519 and P-256")


def _public(kind: Kind, native: NativeKey, members: dict[int, object]) -> PublicKey:
    cose_key = encode(members)
    # the required members alone, deterministically encoded: just what RFC 9679 §3 and §4 hash
    return PublicKey(kind, native, cose_key, hashlib.sha256(cose_key).digest())


def encode_key(public: PublicKey) -> bytes:
    """The deterministic COSE_Key with the required members only (RFC 9052 §7, RFC 9679 §4)."""
    return public.cose_key


def thumbprint(public: PublicKey) -> bytes:
    """The COSE key thumbprint, SHA-256, 32 bytes (RFC 9679 §3)."""
    return public.kid


@lru_cache(maxsize=16_384)
def decode_key(data: bytes) -> PublicKey:
    """The key of a COSE_Key in the form that `encode_key` writes; decoded keys are kept. Raises `Malformed`."""
    members = decode(data)
    if not isinstance(members, dict):
        raise Malformed("a COSE_Key is a map")
    x, y = members.get(_X), members.get(_Y)
    try:
        if (members.get(_KTY), members.get(_CRV)) == (_OKP, _CRV_ED25519) and isinstance(x, bytes):
            found = wrap(read_ed25519(x))
        elif (members.get(_KTY), members.get(_CRV)) == (_EC2, _CRV_P256) and isinstance(x, bytes):
            if not isinstance(y, bytes):
                raise Malformed("a P-256 COSE_Key needs both coordinates (RFC 9679 §4.2)")
            point = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
            found = wrap(point.public_key())
        else:
            raise Malformed("a COSE_Key that is neither Ed25519 nor P-256")
    except ValueError:
        raise Malformed("a COSE_Key that is no point of its curve") from None
    if found.cose_key != data:
        raise Malformed("a COSE_Key with other members than the required ones, or lengths other than 32 bytes")
    return found


def load_pem(pem: str) -> PublicKey:
    """The key of a SubjectPublicKeyInfo in PEM. Raises `Malformed`."""
    try:
        native = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("not a public key in PEM") from None
    return wrap(native)
