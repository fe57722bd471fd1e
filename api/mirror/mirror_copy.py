"""What a mirror keeps, in the layout of the log's own addresses, so that any file server or object store can serve it.

    checkpoint · tile/<L>/<N>[.p/<W>] · tile/entries/<N>[.p/<W>] · receipts/<N>[.p/<W>]
    annexes/<sha256> · .well-known/…
    entries/0/evidence      once the log's own keys were succeeded: what its root said of them
    .mirror/lock, .mirror/begun, .mirror/pending, .mirror/receipts, .mirror/taken-down
                            the mirror's own, of no use to readers

The checkpoint names what must be there; it is replaced last, when all that it names is durable. So readers, and a
mirror that was killed, always find a whole log under it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from api.mirror.target_writer import OWN, Damaged, TargetWriter
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.inconsistency import evidence_of
from api.monitor.log_source import EVIDENCE_PATH, TRUST_PATH
from ledger.cose.receipts import RECEIPT_FILE_BYTES_MAX, decode_receipts, receipts_path
from ledger.errors import Malformed
from ledger.limits import (
    CHECKPOINT_BYTES_MAX,
    EVIDENCE_BYTES_MAX,
    STATEMENT_BYTES_MAX,
    TILE_HEIGHT,
    TILE_WIDTH,
    TRUST_BYTES_MAX,
)
from ledger.tlog.tiles import bundle_path, tile_path

__all__ = ["MirrorCopy", "Receipted", "edge_paths"]

_CHECKPOINT: Final = "checkpoint"
_PENDING: Final = f"{OWN}/pending"
_RECEIPTS: Final = f"{OWN}/receipts"
_STATE_BYTES_MAX: Final = 64


class Receipted(NamedTuple):
    """Up to which entry receipts are kept, and where the first checkpoint begins that is in the last file of them, if
    that is partial, else in the next one."""

    size: int
    next: int


class MirrorCopy:
    """One copy. Used by one thread; methods raise `Unavailable`, `OSError` where the target fails, and `Damaged`."""

    def __init__(self, target: TargetWriter) -> None:
        """Raises `Misconfigured` for a place that holds other things: no typing error fills somebody's home."""
        self._target = target
        target.begin()
        self._shown: bytes | None = None  # the checkpoint as it was last seen there

    @property
    def address(self) -> str:
        return self._target.address

    def alone(self) -> AbstractContextManager[None]:
        """Around all writing. Raises `Misconfigured` where another process is in the way."""
        return self._target.alone()

    def checkpoint(self) -> bytes | None:
        """The signed note of the tree that is whole here, as it lies there now."""
        self._shown = self._target.get(_CHECKPOINT, CHECKPOINT_BYTES_MAX)
        return self._shown

    def pending(self) -> bytes | None:
        """The signed note of the tree that was being copied when the mirror last stopped."""
        return self._target.get(_PENDING, CHECKPOINT_BYTES_MAX)

    def trust(self) -> bytes | None:
        """The trust file under which all this was verified."""
        return self._target.get(TRUST_PATH, TRUST_BYTES_MAX)

    def bundle(self, number: int) -> bytes | None:
        """A full entry bundle, as it lies there. Raises `Damaged`."""
        path = bundle_path(number)
        try:
            return self._target.get(path, TILE_WIDTH * (STATEMENT_BYTES_MAX + 2))
        except Malformed as error:
            raise self.damaged(path, error) from error

    def receipts(self, number: int, width: int = TILE_WIDTH) -> list[bytes] | None:
        """The receipts of a bundle as they lie there, full or of that width. Raises `Damaged`."""
        path = receipts_path(number, width)
        try:
            data = self._target.get(path, RECEIPT_FILE_BYTES_MAX)
            return None if data is None else decode_receipts(data)
        except Malformed as error:
            raise self.damaged(path, error) from error

    def receipted(self) -> Receipted:
        """How far receipts are durable here; mirrors of before kept none. Raises `Damaged`."""
        data = self._target.get(_RECEIPTS, _STATE_BYTES_MAX)
        if data is None:
            return Receipted(0, 0)
        numbers = data.split()
        if len(numbers) != len(Receipted._fields) or not all(number.isdigit() for number in numbers):
            raise Damaged(f"{self.address}/{_RECEIPTS} is damaged, remove it and mirror again")
        return Receipted(*map(int, numbers))

    def damaged(self, path: str, error: Exception) -> Damaged:
        """What to say of a file that is not what it was."""
        return Damaged(f"{self.address}/{path} is damaged, remove it and mirror again: {error}")

    def has_annex(self, path: str) -> bool:
        """Whether that file is there; it was checked before it got its name."""
        return self._target.has(path)

    def take_down(self, path: str) -> None:
        """An entry took this annex down: it goes, and is not asked for again, whoever names it later."""
        self._target.replace(_mark(path), b"")
        # A crash here leaves the annex, until the entry is read again.
        self._target.remove(path)

    def is_taken_down(self, path: str) -> bool:
        return self._target.has(_mark(path))

    def keep_trust(self, data: bytes) -> None:
        if self.trust() != data:
            self._target.replace(TRUST_PATH, data)

    def succession(self) -> bytes | None:
        """The evidence of how the log's keys were succeeded, if they were."""
        return self._target.get(EVIDENCE_PATH, EVIDENCE_BYTES_MAX)

    def keep_evidence(self, data: bytes) -> None:
        """Keep and show it, durably, before a checkpoint that those keys signed."""
        self._target.replace(EVIDENCE_PATH, data)

    def keep_inconsistency(self, found: Inconsistent) -> str:
        """Keep what proves it, among what is the mirror's own; where it lies."""
        ending, document = evidence_of(found)
        path = f"{OWN}/checkpoint.{ending}"
        self._target.replace(path, document)
        return f"{self.address}/{path}"

    def begin(self, note: bytes) -> None:
        """Remember which tree is copied from here on: should the log sign another one meanwhile, that is a fork."""
        self._target.replace(_PENDING, note)
        # A crash from here to `commit` leaves files beyond the checkpoint. They are of the pending tree, and read
        # again, not fetched again, by the next run.

    def put(self, path: str, content: bytes) -> None:
        """Add a verified file. Nothing that is there is ever replaced. Raises `Damaged`, at `commit` at the latest."""
        self._target.put(path, content)

    def commit(self, note: bytes, receipted: Receipted) -> bool:
        """Everything that `note` names was put, and the receipts as far as that: make it durable, then show it.

        Whether it is shown: not where another mirror has shown another one meanwhile (`checkpoint` says which).
        """
        self._target.settle()
        # A crash here leaves the old checkpoint, all files of the old tree, and those of the new one.
        swapped = note == self._shown or self._target.swap(_CHECKPOINT, note, self._shown)
        # A crash here leaves receipts that are kept and not known to be: they are asked for again.
        if receipted != self.receipted():
            self._target.replace(_RECEIPTS, f"{receipted.size} {receipted.next}\n".encode())
        if not swapped:
            return False
        self._shown = note
        # A crash here leaves a pending note that says what the checkpoint says.
        self.end()
        return True

    def end(self) -> None:
        """Nothing is being copied any more."""
        self._target.remove(_PENDING)

    def drop_partial(self, paths: Iterable[str]) -> None:
        """Take away the partial files of these tiles and bundles, as far as the full ones are there (tlog-tiles)."""
        for path in paths:
            self._target.drop_partial(path)

    def tidy(self) -> None:
        """What a crash may have left."""
        self._target.tidy()


def _mark(path: str) -> str:
    return f"{OWN}/taken-down/{PurePosixPath(path).name}"


def edge_paths(size: int) -> list[str]:
    """The full names of the tiles, the bundle and its receipts that are partial in a tree of `size` entries."""
    paths: list[str] = []
    level, width = 0, size
    while width:
        if width % TILE_WIDTH:
            paths.append(tile_path(level, width >> TILE_HEIGHT))
        level, width = level + 1, width >> TILE_HEIGHT
    return [*paths, bundle_path(size >> TILE_HEIGHT), receipts_path(size >> TILE_HEIGHT)]
