"""A log as its published copy has it: checkpoint, tiles, entry bundles and receipts, without the database.

What is asked for need not be a file of its own: a partial tile is the beginning of a longer one, a receipt is made of
its checkpoint's signature (`receipts/`) and of tiles. The bytes are those that the service gives for the same address.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from typing import Final, NamedTuple

from ledger.cose.receipt import Receipt, encode_receipt, parse_receipt
from ledger.cose.receipts import RECEIPT_FILE_BYTES_MAX, decode_receipts, encode_receipts, receipts_path
from ledger.errors import LedgerError, Malformed, NotFound, Unavailable
from ledger.limits import (
    CHARTER_ENTRIES_MAX,
    CHECKPOINT_BYTES_MAX,
    PUBLISHED_LOOK_SECONDS,
    STATEMENT_BYTES_MAX,
    TILE_WIDTH,
)
from ledger.mirror.target import MirrorTarget
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.note import parse_note
from ledger.tlog.proof import inclusion_proof
from ledger.tlog.tiles import TileReader, bundle_path, decode_bundle, encode_bundle, tile_path, tile_width

__all__ = ["PublishedCheckpoint", "PublishedLog"]

_BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (STATEMENT_BYTES_MAX + 2)
_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
_BUNDLES_BACK_MAX: Final = CHARTER_ENTRIES_MAX // TILE_WIDTH  # before an entry its checkpoint may begin


class PublishedCheckpoint(NamedTuple):
    """The signed note of a copy, the tree size and the root that it says."""

    tree_size: int
    root: bytes
    note: bytes


class PublishedLog:
    """Reads of one copy. Thread-safe. Methods raise `NotFound` for what the copy has not, and `Unavailable`.

    Whoever keeps the copy has verified it before it got there; here nothing is verified again.
    """

    def __init__(self, target: MirrorTarget, origin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._origin = origin
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: tuple[float, PublishedCheckpoint | LedgerError] | None = None

    @property
    def address(self) -> str:
        return self._target.address

    def checkpoint(self) -> PublishedCheckpoint:
        """The copy's newest checkpoint, as it was within the last fraction of a second."""
        with self._lock:
            if self._looked is None or self._clock() - self._looked[0] > PUBLISHED_LOOK_SECONDS:
                found = self._look()
                self._looked = (self._clock(), found)
            found = self._looked[1]
        if isinstance(found, LedgerError):
            raise found
        return found

    def _look(self) -> PublishedCheckpoint | LedgerError:
        """A failure, too, is good for a while: not everybody waits for a target that does not answer."""
        try:
            return self._read()
        except LedgerError as error:
            return error

    def _read(self) -> PublishedCheckpoint:
        try:
            note = self._target.get("checkpoint", CHECKPOINT_BYTES_MAX)
            if note is None:
                raise NotFound(f"{self.address} has no checkpoint yet")
            said = parse_checkpoint(parse_note(note).text)
        except Malformed as error:
            raise Unavailable(f"{self.address} shows no checkpoint: {error}") from error
        if said.origin != self._origin:
            raise Unavailable(f"{self.address} is a copy of {said.origin}, not of {self._origin}")
        return PublishedCheckpoint(said.size, said.root, note)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes (32 bytes each) of a tile."""

        def cut(tile: bytes) -> bytes:
            return tile[: width * HASH_BYTES]

        found = self._first(lambda wide: tile_path(level, number, wide), level, number, width, _TILE_BYTES, cut)
        if len(found) != width * HASH_BYTES:
            raise Unavailable(f"{self.address}/{tile_path(level, number)} is cut short")
        return found

    def bundle(self, number: int, width: int) -> bytes:
        """The entry bundle with the first `width` entries over a tile of level 0."""

        def cut(bundle: bytes) -> bytes:
            return encode_bundle(decode_bundle(bundle)[:width])

        return self._first(lambda wide: bundle_path(number, wide), 0, number, width, _BUNDLE_BYTES_MAX, cut)

    def receipt_file(self, number: int, width: int) -> bytes:
        """The receipts that belong to the first `width` entries of a bundle."""

        def cut(receipts: bytes) -> bytes:
            stop = number * TILE_WIDTH + width
            return encode_receipts([one for one in decode_receipts(receipts) if parse_receipt(one).index < stop])

        return self._first(lambda wide: receipts_path(number, wide), 0, number, width, RECEIPT_FILE_BYTES_MAX, cut)

    def receipt(self, index: int) -> bytes:
        """The canonical receipt of an entry."""
        signed = self._covering(index)
        size = signed.tree_size
        path = inclusion_proof(index, size, TileReader(self.tile, size))
        return encode_receipt(signed.message.protected_bytes, signed.message.signature, size, index, path)

    def statement(self, index: int) -> bytes:
        """The entry itself."""
        number, place = divmod(index, TILE_WIDTH)
        return decode_bundle(self.bundle(number, place + 1))[place]

    def _covering(self, index: int) -> Receipt:
        """The receipt of the first entry that the checkpoint of this one covers: they share its signature."""
        number, place = divmod(index, TILE_WIDTH)
        if index >= self.checkpoint().tree_size:
            raise NotFound(f"no entry {index} in {self.address}")
        width = place + 1
        for back in range(min(_BUNDLES_BACK_MAX, number) + 1):
            receipts = [parse_receipt(one) for one in decode_receipts(self.receipt_file(number - back, width))]
            at = bisect_right([one.index for one in receipts], index)
            if at:
                return receipts[at - 1]
            width = TILE_WIDTH
        raise NotFound(f"{self.address} has no receipt of the checkpoint of entry {index}")

    def _first(
        self,
        path: Callable[[int], str],
        level: int,
        number: int,
        width: int,
        bytes_max: int,
        cut: Callable[[bytes], bytes],
    ) -> bytes:
        """The file of this width, or the beginning of the full or of the newest one, which are all that is kept."""
        try:
            found = self._target.get(path(width), bytes_max)
            if found is not None:
                return found
            for wide in {TILE_WIDTH, tile_width(level, number, self.checkpoint().tree_size)}:
                if wide > width and (longer := self._target.get(path(wide), bytes_max)) is not None:
                    return cut(longer)
        except Malformed as error:
            raise Unavailable(f"{self.address}: {error}") from error
        raise NotFound(f"{self.address} has no {path(width)}")
