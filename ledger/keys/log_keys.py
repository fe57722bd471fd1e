"""The log's own keys, one per purpose, so that nothing signed for one use passes for another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import Malformed
from ledger.keys.signer import Signer, load_key, new_key, save_key
from ledger.tlog.note import NoteSigner

__all__ = ["LogKeys"]

_FILES: Final = {"checkpoint": "ed25519", "receipt": "p256", "standing": "p256", "certificate": "p256"}
_LATER: Final = "certificate"  # logs that began before there was one go on without it


@dataclass(frozen=True, slots=True)
class LogKeys:
    """`checkpoint` signs C2SP checkpoints, `receipt` the same roots for COSE, `standing` current standings.

    `certificate` signs the PDFs of published pledges (ES256: readers of PDF know no Ed25519); None for a log that has
    no such key.
    """

    origin: str
    checkpoint: NoteSigner
    receipt: Signer
    standing: Signer
    certificate: Signer | None = None

    @classmethod
    def load(cls, folder: Path, origin: str) -> LogKeys:
        """Read `checkpoint.pem`, `receipt.pem`, `standing.pem`, and `certificate.pem` if it is there.

        Raises `Malformed` or `OSError`.
        """
        there = [name for name in _FILES if name != _LATER or (folder / f"{name}.pem").exists()]
        signers = {name: load_key(folder / f"{name}.pem") for name in there}
        private = signers["checkpoint"].private
        if not isinstance(private, Ed25519PrivateKey):
            raise Malformed(f"{folder / 'checkpoint.pem'}: a checkpoint key must be Ed25519 (C2SP tlog-checkpoint)")
        certificate = signers.get(_LATER)
        if certificate is not None and certificate.public.kind != "p256":
            raise Malformed(f"{folder / 'certificate.pem'}: a certificate key must be P-256, which readers of PDF know")
        return cls(origin, NoteSigner(origin, private), signers["receipt"], signers["standing"], certificate)

    @classmethod
    def make(cls, folder: Path, origin: str) -> LogKeys:
        """Make the key files that are not there yet, then load all."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, kind in _FILES.items():
            if not (folder / f"{name}.pem").exists():
                save_key(folder / f"{name}.pem", new_key(kind))
        return cls.load(folder, origin)
