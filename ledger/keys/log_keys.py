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

_FILES: Final = {"checkpoint": "ed25519", "receipt": "p256", "standing": "p256"}


@dataclass(frozen=True, slots=True)
class LogKeys:
    """`checkpoint` signs C2SP checkpoints, `receipt` the same roots for COSE, `standing` current standings."""

    origin: str
    checkpoint: NoteSigner
    receipt: Signer
    standing: Signer

    @classmethod
    def load(cls, folder: Path, origin: str) -> LogKeys:
        """Read `checkpoint.pem`, `receipt.pem` and `standing.pem`. Raises `Malformed` or `OSError`."""
        signers = {name: load_key(folder / f"{name}.pem") for name in _FILES}
        private = signers["checkpoint"].private
        if not isinstance(private, Ed25519PrivateKey):
            raise Malformed(f"{folder / 'checkpoint.pem'}: a checkpoint key must be Ed25519 (C2SP tlog-checkpoint)")
        return cls(origin, NoteSigner(origin, private), signers["receipt"], signers["standing"])

    @classmethod
    def make(cls, folder: Path, origin: str) -> LogKeys:
        """Make the key files that are not there yet, then load all three."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, kind in _FILES.items():
            if not (folder / f"{name}.pem").exists():
                save_key(folder / f"{name}.pem", new_key(kind))
        return cls.load(folder, origin)
