"""A folder in the layout of the log's own addresses, so that any file server or object store can serve it.

    checkpoint · tile/<L>/<N>[.p/<W>] · tile/entries/<N>[.p/<W>] · annexes/<sha256> · .well-known/…
    entries/0/evidence      once the log's own keys were succeeded: what its root said of them
    receipts/<N>[.p/<W>]    what a service has at entries/<index>, by the file (`ledger.cose.receipts`)
    .mirror/lock, .mirror/pending, .mirror/receipts, .mirror/taken-down    the mirror's own, of no use to readers

The checkpoint names what must be there; it is replaced last, when all that it names is durable. So readers, and a
mirror that was killed, always find a whole log under it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from api.monitor.atomic_files import TEMPORARY, sync_folder, write_whole
from api.monitor.log_source import EVIDENCE_PATH, TRUST_PATH
from ledger.cose.receipts import RECEIPT_FILE_BYTES_MAX, decode_receipts, receipts_path
from ledger.errors import Malformed, Misconfigured, Refuted
from ledger.limits import (
    ANNEX_BYTES_MAX,
    CHECKPOINT_BYTES_MAX,
    EVIDENCE_BYTES_MAX,
    STATEMENT_BYTES_MAX,
    TILE_HEIGHT,
    TILE_WIDTH,
    TRUST_BYTES_MAX,
)
from ledger.tlog.tiles import bundle_path, tile_path

__all__ = ["Damaged", "Folder", "Receipted", "edge_paths"]

_OWN: Final = ".mirror"
_PARTIAL: Final = ".p"
_STATE_BYTES_MAX: Final = 64


class Damaged(Refuted):
    """A file of the copy is not what it was when it was verified. Not the log's fault, and not repaired unasked."""


class Receipted(NamedTuple):
    """Up to which entry receipts are kept, and where the first checkpoint begins that is in the last file of them, if
    that is partial, else in the next one."""

    size: int
    next: int


class Folder:
    """One copy, written by one process at a time (`lock`). Methods raise `OSError` where the disk fails."""

    def __init__(self, path: Path) -> None:
        """Raises `Misconfigured` for a folder that holds other things: no typing error fills somebody's home."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()) and not (path / _OWN).is_dir():
            raise Misconfigured(f"{path} is neither empty nor a mirror")
        (path / _OWN).mkdir(exist_ok=True)
        self._touched: set[Path] = set()

    @property
    def lock(self) -> Path:
        return self.path / _OWN / "lock"

    @property
    def evidence(self) -> Path:
        """What files of evidence are named after."""
        return self.path / _OWN / "checkpoint"

    def checkpoint(self) -> bytes | None:
        """The signed note of the tree that is whole here."""
        return self._read("checkpoint", CHECKPOINT_BYTES_MAX)

    def pending(self) -> bytes | None:
        """The signed note of the tree that was being copied when the mirror last stopped."""
        return self._read(f"{_OWN}/pending", CHECKPOINT_BYTES_MAX)

    def trust(self) -> bytes | None:
        """The trust file under which all this was verified."""
        return self._read(TRUST_PATH, TRUST_BYTES_MAX)

    def bundle(self, number: int) -> bytes | None:
        """A full entry bundle, as it lies there."""
        return self._read(bundle_path(number), TILE_WIDTH * (STATEMENT_BYTES_MAX + 2))

    def receipts(self, number: int, width: int = TILE_WIDTH) -> list[bytes] | None:
        """The receipts of a bundle as they lie there, full or of that width. Raises `Damaged`."""
        path = receipts_path(number, width)
        data = self._read(path, RECEIPT_FILE_BYTES_MAX)
        try:
            return None if data is None else decode_receipts(data)
        except Malformed as error:
            raise Damaged(f"{self.path / path} is damaged, remove it and mirror again: {error}") from error

    def receipted(self) -> Receipted:
        """How far receipts are durable here; mirrors of before kept none. Raises `Damaged`."""
        data = self._read(f"{_OWN}/receipts", _STATE_BYTES_MAX)
        if data is None:
            return Receipted(0, 0)
        numbers = data.split()
        if len(numbers) != len(Receipted._fields) or not all(number.isdigit() for number in numbers):
            raise Damaged(f"{self.path / _OWN / 'receipts'} is damaged, remove it and mirror again")
        return Receipted(*map(int, numbers))

    def has_annex(self, relative: str) -> bool:
        """Whether that file is there; it was checked before it got its name."""
        return (self.path / relative).is_file()

    def take_down(self, relative: str) -> None:
        """An entry took this annex down: it goes, and is not asked for again, whoever names it later."""
        mark = self._mark(relative)
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
        # A crash here leaves the annex, until the entry is read again.
        (self.path / relative).unlink(missing_ok=True)

    def is_taken_down(self, relative: str) -> bool:
        return self._mark(relative).is_file()

    def _mark(self, relative: str) -> Path:
        return self.path / _OWN / "taken-down" / Path(relative).name

    def keep_trust(self, data: bytes) -> None:
        if self.trust() != data:
            (self.path / TRUST_PATH).parent.mkdir(exist_ok=True)
            write_whole(self.path / TRUST_PATH, data)

    def succession(self) -> bytes | None:
        """The evidence of how the log's keys were succeeded, if they were."""
        return self._read(EVIDENCE_PATH, EVIDENCE_BYTES_MAX)

    def keep_evidence(self, data: bytes) -> None:
        """Keep and show it, durably, before a checkpoint that those keys signed."""
        target = self.path / EVIDENCE_PATH
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, data)
        for folder in (target.parent.parent, self.path):
            sync_folder(folder)

    def begin(self, note: bytes) -> None:
        """Remember which tree is copied from here on: should the log sign another one meanwhile, that is a fork."""
        write_whole(self.path / _OWN / "pending", note)
        # A crash from here to `commit` leaves files beyond the checkpoint. They are of the pending tree, and read
        # again, not fetched again, by the next run.

    def put(self, relative: str, content: bytes) -> None:
        """Add a verified file. Nothing that is there is ever replaced. Raises `Damaged` if it holds other bytes."""
        target = self.path / relative
        parent = target.parent
        parent.mkdir(parents=True, exist_ok=True)
        while parent != self.path.parent and parent not in self._touched:
            self._touched.add(parent)  # also of a file that is there: who put it may not have come to `commit`
            parent = parent.parent
        if not target.is_file():
            write_whole(target, content, sync_parent=False)
        elif self._read(relative, max(len(content), ANNEX_BYTES_MAX)) != content:
            raise Damaged(f"{target} holds other bytes than the log: it is left as it is")

    def commit(self, note: bytes, receipted: Receipted) -> None:
        """Everything that `note` names was put, and the receipts as far as that: make it durable, then show it."""
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()
        if receipted != self.receipted():
            write_whole(self.path / _OWN / "receipts", f"{receipted.size} {receipted.next}\n".encode())
        # A crash here leaves the old checkpoint, all files of the old tree, and those of the new one.
        if note != self.checkpoint():
            write_whole(self.path / "checkpoint", note)
        # A crash here leaves a pending note that says what the checkpoint says.
        (self.path / _OWN / "pending").unlink(missing_ok=True)

    def drop_partial(self, paths: Iterable[str]) -> None:
        """Take away the partial files of these tiles and bundles, as far as the full ones are there (tlog-tiles)."""
        for relative in paths:
            if (self.path / relative).is_file():
                shutil.rmtree(self.path / (relative + _PARTIAL), ignore_errors=True)

    def tidy(self) -> None:
        """What a crash may have left: temporary files, and partial ones of tiles that are full."""
        for top, folders, files in os.walk(self.path):
            for name in files:
                if name.endswith(TEMPORARY):
                    (Path(top) / name).unlink(missing_ok=True)
            for name in folders:
                full = Path(top) / name.removesuffix(_PARTIAL)
                if name.endswith(_PARTIAL) and full.is_file():
                    shutil.rmtree(Path(top) / name, ignore_errors=True)

    def _read(self, relative: str, bytes_max: int) -> bytes | None:
        try:
            with (self.path / relative).open("rb") as file:
                data = file.read(bytes_max + 1)
        except FileNotFoundError:
            return None
        if len(data) > bytes_max:
            raise Damaged(f"{self.path / relative} is longer than {bytes_max:,} bytes")
        return data


def edge_paths(size: int) -> list[str]:
    """The full names of the tiles, the bundle and its receipts that are partial in a tree of `size` entries."""
    paths: list[str] = []
    level, width = 0, size
    while width:
        if width % TILE_WIDTH:
            paths.append(tile_path(level, width >> TILE_HEIGHT))
        level, width = level + 1, width >> TILE_HEIGHT
    return [*paths, bundle_path(size >> TILE_HEIGHT), receipts_path(size >> TILE_HEIGHT)]
