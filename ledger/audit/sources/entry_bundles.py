"""Some entry bundles of a published log, with all that is public beside them: fetched, and laid out in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from ledger.audit.sources.published_checkpoints import ReceiptSource
from ledger.audit.sources.spool import PartLayout
from ledger.cose.receipt import parse_receipt
from ledger.domain.events.types import ALL
from ledger.errors import Malformed
from ledger.limits import TILE_WIDTH
from ledger.reading.prefetch import THREADS, Fetch, in_turn
from ledger.tlog.hashing import HASH_BYTES, leaf_hash, split_hashes
from ledger.tlog.tiles import bundle_path, decode_bundle, tile_path, tile_width

__all__ = ["LayingOut", "ShownReceipts", "lay_out"]

_WITH_BODY: Final = (
    b'"type":"sealed"',
    *(f'"type":"{kind.__name__}"'.encode() for kind in ALL if kind.text_type is not None),
)


class LayingOut(Struct, frozen=True):
    """What all parts have in common: whence, how many entries there are, the folder. Picklable if `fetch` is."""

    fetch: Fetch
    size: int
    folder: str


class ShownReceipts(NamedTuple):
    """The receipts that belong to a bundle (None: there are none), and what may be the leaf hashes they are about."""

    receipts: list[bytes] | None
    leaves: Mapping[int, Sequence[bytes]]


class _Fetched(NamedTuple):
    """A bundle and what belongs to it; None, or nothing, of what is not there or cannot be read."""

    entries: list[bytes] | None
    hashes: list[bytes]
    receipts: list[bytes] | None


def lay_out(laying: LayingOut, numbers: range) -> list[ShownReceipts]:
    """The bundles of these numbers; what each shows of checkpoints. Raises `Unavailable`, `Misconfigured`."""
    bundles = _Bundles(laying.fetch, laying.size)
    shown = []
    with ExitStack() as stack:
        # Two pools: who waits for a bundle must not wait for its bodies behind other bundles.
        fetching, reading = (stack.enter_context(ThreadPoolExecutor(THREADS)) for _ in range(2))
        layout = stack.enter_context(PartLayout(Path(laying.folder), laying.size, numbers.start))
        for number, found in zip(numbers, in_turn(fetching, bundles.all_of, numbers), strict=True):
            first, width = number * TILE_WIDTH, tile_width(0, number, laying.size)
            entries: Sequence[bytes | None] = found.entries or [None] * width
            hashes: Sequence[bytes | None] = found.hashes or [None] * width
            layout.put_hashes(hashes)
            rows = list(enumerate(entries, first))
            for (index, entry), body in zip(rows, reading.map(bundles.body, rows), strict=True):
                layout.put(index, entry, body)
            shown.append(ShownReceipts(found.receipts, _leaves(found.receipts, first, entries, hashes)))
    return shown


def _leaves(
    receipts: Sequence[bytes] | None, first: int, entries: Sequence[bytes | None], hashes: Sequence[bytes | None]
) -> dict[int, list[bytes]]:
    found = {}
    for data in receipts or ():
        try:
            place = parse_receipt(data).index - first
        except Malformed:
            continue
        if 0 <= place < len(entries):
            entry = entries[place]
            own = None if entry is None else leaf_hash(entry)
            found[first + place] = [one for one in dict.fromkeys((own, hashes[place])) if one is not None]
    return found


class _Bundles:
    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._receipts = ReceiptSource(fetch, size)

    def all_of(self, number: int) -> _Fetched:
        return _Fetched(self._bundle(number), self._hashes(number), self._receipts.receipts(number))

    def body(self, row: tuple[int, bytes | None]) -> bytes | None:
        """What is public of a sealed entry, or of the text that an open one names."""
        index, entry = row
        if entry is None or not any(mark in entry for mark in _WITH_BODY):
            return None
        return self._fetch(f"entries/{index}/body")

    def _bundle(self, number: int) -> list[bytes] | None:
        width = tile_width(0, number, self._size)
        data = self._fetch(bundle_path(number, width))
        if data is None and width < TILE_WIDTH:
            data = self._fetch(bundle_path(number))  # the log has grown, and partial ones may go (tlog-tiles)
        try:
            entries = [] if data is None else decode_bundle(data)[:width]
        except Malformed:
            return None
        return entries if len(entries) == width else None

    def _hashes(self, number: int) -> list[bytes]:
        width = tile_width(0, number, self._size)
        data = self._fetch(tile_path(0, number, width))
        if data is None and width < TILE_WIDTH:
            full = self._fetch(tile_path(0, number))
            data = None if full is None else full[: width * HASH_BYTES]
        hashes = split_hashes(data or b"")
        return hashes if len(hashes) == width and len(hashes[-1]) == HASH_BYTES else []
