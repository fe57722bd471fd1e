"""Where signed certificates are kept: one file each in a folder beside the log's keys.

A folder and no table: what is kept can be made again from the log and the key, so that it needs neither migration nor
backup, and losing it loses nothing but the day on which a certificate was made. Nothing sealed stands on a certificate,
so that no erasure has to look for anything here.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["CertificateFolder"]

_BASIS_DIGITS: Final = 32
_FOLDER_DIGITS: Final = 16  # of a code's 20: each code has a folder, of at most 10,000 in one


class CertificateFolder:
    """Signed files by the code of the pledge and a digest of what each rests on; of a code the newest only.

    The SHA-256 of a file is in its name: one that a crash or a disk has spoiled is not found, and made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, code: str, basis: str) -> tuple[bytes, str] | None:
        """The file of this basis, and its SHA-256 in hexadecimal. Raises `OSError`."""
        for path in self._of(code).glob(f"{code}-{basis[:_BASIS_DIGITS]}-*.pdf"):
            content = path.read_bytes()
            digest = sha256(content).hexdigest()
            if path.stem.endswith(f"-{digest}"):
                return content, digest
        return None

    def put(self, code: str, basis: str, content: bytes) -> str:
        """Keep a file in place of what the code had before; its SHA-256 in hexadecimal. Raises `OSError`."""
        digest, folder = sha256(content).hexdigest(), self._of(code)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{code}-{basis[:_BASIS_DIGITS]}-{digest}.pdf"
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(path)
        for other in folder.glob(f"{code}-*.pdf"):
            if other != path:
                other.unlink(missing_ok=True)
        return digest

    def _of(self, code: str) -> Path:
        return self._folder / code[:_FOLDER_DIGITS] / code[_FOLDER_DIGITS:]
