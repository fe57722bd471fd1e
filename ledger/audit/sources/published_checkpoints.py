"""The checkpoints of a published log: the notes that it shows, and the receipts of the first entries they cover.

A service has single receipts at `entries/<index>`, a mirror has them by the file (`ledger.cose.receipts`), some mirrors
have none. What is damaged or left out becomes a row without signatures, so that it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ledger.cose.receipt import Receipt, parse_receipt
from ledger.cose.receipts import decode_receipts, gather_receipts, receipts_path
from ledger.cose.sign1 import verify_sign1
from ledger.errors import LedgerError, Malformed, NotFound
from ledger.limits import TILE_WIDTH
from ledger.reading.prefetch import Fetch
from ledger.store.contract import CheckpointRow
from ledger.tlog.checkpoint import Checkpoint
from ledger.tlog.proof import root_from_inclusion
from ledger.tlog.tiles import tile_width
from ledger.verifier import Trust

__all__ = ["ReceiptSource", "ShownHeads"]

_NOTHING: Final[tuple[Any, Any]] = (
    None,
    None,
)  # where signatures of a row should be: an auditor takes rows as they are


class ReceiptSource:
    """Finds receipts wherever they are kept. Thread-safe."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self._size = size
        ends = {0, (size - 1) // TILE_WIDTH} if size else ()
        self._by_file = any(self._file(number) is not None for number in ends)

    def receipts(self, number: int) -> list[bytes] | None:
        """Those that belong to an entry bundle, none of what cannot be read; None where the source has none.

        Raises `Unavailable`.
        """
        try:
            if not self._by_file:
                return gather_receipts(number, self._size, self._single)
            data = self._file(number)
            return None if data is None else decode_receipts(data)
        except NotFound:
            return None
        except Malformed:
            return []

    def _file(self, number: int) -> bytes | None:
        width = tile_width(0, number, self._size)
        data = self._fetch(receipts_path(number, width))
        return data if data is not None or width == TILE_WIDTH else self._fetch(receipts_path(number))

    def _single(self, index: int) -> bytes:
        data = self._fetch(f"entries/{index}")
        if data is None:
            raise NotFound(f"there is no receipt of entry {index}")
        return data


class ShownHeads:
    """Makes rows of receipts, in order, for `keep`; `date(first, size, time)` is told which entries they date.

    `notes`: what is shown signed, by size; the largest is of the whole log.
    """

    def __init__(
        self,
        keep: Callable[[CheckpointRow], None],
        date: Callable[[int, int, int], None],
        notes: Mapping[int, tuple[bytes, Checkpoint]],
        trust: Trust,
    ) -> None:
        self._keep = keep
        self._date = date
        self._notes = dict(notes)
        self._end = max(notes)
        self._trust = trust
        self._size = 0
        self._time = 0
        self._absent = False

    def take(self, receipts: Sequence[bytes] | None, leaves: Mapping[int, Sequence[bytes]]) -> None:
        """Those that belong to the next bundle; `leaves`: what may be the leaf hashes of its entries, by index."""
        self._absent = receipts is None
        for data in receipts or ():
            try:
                receipt = parse_receipt(data)
            except Malformed:
                continue
            if self._size <= receipt.index < receipt.tree_size <= self._end:
                if receipt.index > self._size:
                    self._keep(CheckpointRow(receipt.index, self._size, b"", self._time, b"", *_NOTHING))
                    self._size = receipt.index
                self._row(receipt, leaves.get(receipt.index, ()))

    def finish(self) -> bool:
        """There are no more; whether they say of every entry when it was recorded."""
        timed = self._size == self._end
        for size in sorted(size for size in self._notes if size):
            note, head = self._notes[size]
            # Without receipts nobody says what lies between two notes; where some are damaged, somebody does.
            given = (b"", b"") if self._absent or size <= self._size else _NOTHING
            self._keep(CheckpointRow(size, self._size, head.root, self._time, note, *given))
            self._size = max(self._size, size)
        return timed

    def _row(self, receipt: Receipt, leaves: Sequence[bytes]) -> None:
        try:
            roots = [root_from_inclusion(receipt.index, receipt.tree_size, one, list(receipt.path)) for one in leaves]
        except LedgerError:
            return
        if not roots:
            return
        # Where entry and tile differ, the receipt itself says which of them was meant.
        root = next((one for one in roots if self._holds(receipt, one)), roots[0]) if len(roots) > 1 else roots[0]
        note = self._notes.pop(receipt.tree_size, (b"",))[0]
        message = receipt.message
        self._keep(
            CheckpointRow(
                receipt.tree_size, self._size, root, receipt.iat, note, message.protected_bytes, message.signature
            )
        )
        self._date(self._size, receipt.tree_size, receipt.iat)
        self._size, self._time = receipt.tree_size, receipt.iat

    def _holds(self, receipt: Receipt, root: bytes) -> bool:
        try:
            key = self._trust.receipt_key(receipt.message.kid, receipt.tree_size)
            verify_sign1(receipt.message, key, detached_payload=root)
        except LedgerError:
            return False
        return True
