"""The journal of erasures: a file beside the attachments' keys that says what was destroyed, outside of the database.

An older backup of the database holds bodies that were erased later, and not the entries that erased them. The journal
outlives it: `restore` and every start of the service destroy again what it names. Bodies are named by commitment, since
entries of a shorter log may come to have the numbers of those that were lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ledger.errors import Misconfigured
from ledger.store.key_folder import sync_folder

__all__ = ["Erased", "ErasureJournal", "journal_of"]

_NAME: Final = "erased.jsonl"
_LINE_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class Erased(NamedTuple):
    """What was destroyed: a body by its commitment, an attachment by its id, an annex by its digest; in hexadecimal."""

    kind: str  # "body", "attachment" or "annex"
    name: str


def journal_of(folder: Path) -> ErasureJournal:
    """The journal in the folder of keys."""
    return ErasureJournal(folder / _NAME)


class ErasureJournal:
    """One file, added to line by line. Two services that share the folder may both write: a line twice is no harm."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> set[Erased]:
        """All that was ever destroyed. A last line without its end is what a crash left, and is not counted.

        Raises `Misconfigured` for a file that is no journal: to go on without it could bring erased bodies back.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return set()
        found = set()
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            if not line:
                continue
            try:
                found.add(msgspec.json.decode(line, type=Erased))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                if not _torn(line):
                    raise Misconfigured(f"{self.path}, line {number}: no journal of erasures ({error})") from error
        return found

    def add(self, erased: Iterable[Erased]) -> None:
        """Add lines, durable before this returns. A crash leaves some of them, the last perhaps torn: the settling of
        the next start finds what is missing in the log."""
        lines = b"".join(_LINE_ENCODER.encode(one) + b"\n" for one in sorted(erased))
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # torn by a crash: end that line, so that this one is whole
                    lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.path.parent)


def _torn(line: bytes) -> bool:
    """Whether it is the beginning of a line, as a crash leaves one."""
    return not line.endswith(b"]") and line[:2] in (b"[", b'["')
