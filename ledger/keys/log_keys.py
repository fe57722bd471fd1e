"""The log's own keys, one per purpose, so that nothing signed for one use passes for another.

They lie in one folder. Those that came first lie in it directly; those of a succession (`TrustAnchorsSucceeded`) in a
folder of their own below it, so that the service has them before the size from which they hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import LedgerError, Malformed, Misconfigured
from ledger.keys.signer import Signer, load_key, new_key, save_key
from ledger.tlog.note import NoteSigner
from ledger.tlog.vkey import VerifierKey

__all__ = ["LogKeys", "NamedKeys", "successor_folder"]

_FILES: Final = {"checkpoint": "ed25519", "receipt": "p256", "standing": "p256", "certificate": "p256"}
_LATER: Final = "certificate"  # logs that began before there was one go on without it


class NamedKeys(Protocol):
    """The public keys of a log as events name them: `TrustAnchorsEstablished`, `TrustAnchorsSucceeded`."""

    @property
    def checkpoint_vkey(self) -> str: ...
    @property
    def receipt_key(self) -> str: ...
    @property
    def standing_key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The log's own private keys.

    `checkpoint` signs C2SP checkpoints, `receipt` the same roots for COSE, `standing` current standings.

    `certificate` signs the PDFs of published pledges (ES256: readers of PDF know no Ed25519); None for a log that has
    no such key, and for the keys of a succession. `folder` is where they were read from, None for keys that were never
    in a file.
    """

    origin: str
    checkpoint: NoteSigner
    receipt: Signer
    standing: Signer
    certificate: Signer | None = None
    folder: Path | None = None
    _others: dict[str, LogKeys] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # by checkpoint vkey

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
        return cls(origin, NoteSigner(origin, private), signers["receipt"], signers["standing"], certificate, folder)

    @classmethod
    def make(cls, folder: Path, origin: str, *, certificate: bool = True) -> LogKeys:
        """Make the key files that are not there yet, then load all. A succession has no `certificate`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, kind in _FILES.items():
            if not (folder / f"{name}.pem").exists() and (certificate or name != _LATER):
                save_key(folder / f"{name}.pem", new_key(kind))
        return cls.load(folder, origin)

    def are(self, named: NamedKeys) -> bool:
        """Whether these are the keys that an event names, all three."""
        return (
            self.checkpoint.key.format() == named.checkpoint_vkey
            and self.receipt.public.cose_key.hex() == named.receipt_key
            and self.standing.public.cose_key.hex() == named.standing_key
        )

    def held(self, named: NamedKeys) -> LogKeys:
        """The keys that an event names: these, or those of a succession that lie below the same folder.

        Raises `Misconfigured` where they are not here: with others nothing may be signed.
        """
        if self.are(named):
            return self
        found = self._others.get(named.checkpoint_vkey)
        if found is not None and found.are(named):
            return found
        for keys in self._below():
            if keys.are(named):
                self._others[named.checkpoint_vkey] = keys
                return keys
        raise Misconfigured(
            f"当前有效的日志密钥（{named.checkpoint_vkey}）不在 {self.folder} 及其子文件夹中；不得用其他密钥签署 / the "
            f"log's keys in force ({named.checkpoint_vkey}) are not in {self.folder} nor in a folder below it, and "
            "with others nothing is signed: bring the files checkpoint.pem, receipt.pem and standing.pem that "
            "`charter succeed` (or `charter new`) made"
        )

    def checkpoint_keys(self) -> tuple[VerifierKey, ...]:
        """All of these keys that may have signed a checkpoint of this log: this one, those of successions below it."""
        return (self.checkpoint.key, *(keys.checkpoint.key for keys in self._below()))

    def _below(self) -> Iterator[LogKeys]:
        for folder in sorted(self.folder.glob("*/")) if self.folder is not None else ():
            try:
                yield LogKeys.load(folder, self.origin)
            except (LedgerError, OSError):
                continue  # of something else, or not readable: then they are not here


def successor_folder(folder: Path, from_size: int) -> Path:
    """Where the keys of a succession lie that begins with the tree of `from_size` entries."""
    return folder / f"from-{from_size}"
