"""Keys that are the same in every run, derived from a label. For tests only: anybody can derive them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import Signer
from ledger.tlog.note import NoteSigner

__all__ = ["log_keys", "signer_for"]


@cache
def signer_for(label: str, kind: str = "ed25519") -> Signer:
    """The Ed25519 (or, for kind `p256`, P-256) key of a label."""
    seed = sha256(f"test key: {label}".encode()).digest()
    if kind == "ed25519":
        return Signer.of(Ed25519PrivateKey.from_private_bytes(seed))
    return Signer.of(derive_private_key(int.from_bytes(seed, "big") >> 1, SECP256R1()))


@cache
def log_keys(origin: str) -> LogKeys:
    """The keys of a test log."""
    checkpoint = NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(sha256(origin.encode()).digest()))
    receipt, standing = signer_for(f"{origin} receipt", "p256"), signer_for(f"{origin} standing", "p256")
    return LogKeys(origin, checkpoint, receipt, standing, signer_for(f"{origin} certificate", "p256"))
