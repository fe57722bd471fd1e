"""Private keys: sign, make, save and load them as PKCS#8 PEM files that only their owner can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger.errors import Malformed
from ledger.keys.algorithms import P256_ORDER, Kind, PublicKey, wrap
from ledger.keys.key_encryption import load_pem, private_pem, write_private_file
from ledger.keys.naming_secret import NamingSecret

__all__ = ["Signer", "load_key", "load_private", "new_key", "save_key", "save_private"]

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey

# the numbers that foreign verifiers know best; -19 and -9 are accepted, not written
_ALG: Final[dict[Kind, int]] = {"ed25519": -8, "p256": -7}
_ECDSA: Final = ECDSA(hashes.SHA256(), deterministic_signing=True)  # RFC 6979


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its public half. Signatures are deterministic (RFC 8032; RFC 6979 with low S)."""

    private: PrivateKey
    public: PublicKey

    @classmethod
    def of(cls, private: object) -> Signer:
        """Wrap a `cryptography` private key. Raises `Malformed` for a kind or curve that the table lacks."""
        if not isinstance(private, Ed25519PrivateKey | EllipticCurvePrivateKey):
            raise Malformed(f"a key of kind {type(private).__name__} is not supported, only Ed25519 and P-256")
        return cls(private, wrap(private.public_key()))

    @property
    def kid(self) -> bytes:
        """RFC 9679 thumbprint of the public key, 32 bytes."""
        return self.public.kid

    @property
    def alg(self) -> int:
        """The COSE algorithm number that this key signs with."""
        return _ALG[self.public.kind]

    def __repr__(self) -> str:
        return f"Signer({self.public.kind}, kid={self.kid.hex()[:16]}…)"

    def sign(self, data: bytes) -> bytes:
        """The raw signature over `data`, 64 bytes."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")

    @property
    def secret(self) -> NamingSecret:
        """What names were derived from before secrets had files of their own, and still are where this key came first.

        One way: it does not lead back to the key.
        """
        if isinstance(self.private, Ed25519PrivateKey):
            return NamingSecret.extract(self.private.private_bytes_raw())
        return NamingSecret.extract(self.private.private_numbers().private_value.to_bytes(32, "big"))


def new_key(kind: str) -> Signer:
    """A fresh key, `ed25519` or `p256`. Raises `Malformed` for another kind."""
    if kind == "ed25519":
        return Signer.of(Ed25519PrivateKey.generate())
    if kind == "p256":
        return Signer.of(generate_private_key(SECP256R1()))
    raise Malformed(f"no key of kind {kind!r:.40}: ed25519 or p256")


def save_key(path: Path, signer: Signer, passphrase: str | None = None) -> None:
    """Write a signer's private key: see `save_private`."""
    save_private(path, signer.private, passphrase)


def save_private(path: Path, private: PrivateKey | MLDSA44PrivateKey, passphrase: str | None = None) -> None:
    """Write the private key as PKCS#8 PEM, mode 0600, encrypted if a passphrase is given; durable on return.

    Never overwrites: raises `FileExistsError`, or another `OSError`.
    """
    write_private_file(path, private_pem(private, passphrase))


def load_key(path: Path, passphrase: str | None = None) -> Signer:
    """Read what `save_key` wrote. Raises `Malformed` (no key, wrong or missing passphrase) or `OSError`."""
    return Signer.of(load_private(path, passphrase))


def load_private(path: Path, passphrase: str | None = None) -> object:
    """Read what `save_private` wrote, of whatever kind. Raises `Malformed` (no key, wrong passphrase) or `OSError`."""
    return load_pem(path.read_bytes(), passphrase, path=path, what="private key")
