"""A published log as the source of an audit: the paths of C2SP tlog-tiles and the service, over HTTP or in a folder.

Entries are fetched once, in log order, and laid out in files, so that streams can be read whole (`laying_out`). What is
not there, or cannot be read, is left to the checks to name.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ledger.audit.sources.published_checkpoints import ReceiptSource, ShownHeads
from ledger.audit.sources.source import AnnexFound, EntryFound, GoverningFound, LeafFound, StreamRange
from ledger.audit.sources.spool import (
    GOVERNING,
    Layout,
    checkpoints_in,
    entries_in,
    leaves_in,
    parts_in,
    streams_in,
    subjects_in,
)
from ledger.domain.events.types import ALL
from ledger.errors import Malformed
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.reading.prefetch import THREADS, Fetch, in_turn
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.store.cosignatures import CosignatureRow
from ledger.tlog.checkpoint import Checkpoint, parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES, leaf_hash, split_hashes
from ledger.tlog.note import parse_note
from ledger.tlog.tiles import bundle_path, decode_bundle, tile_path, tile_width
from ledger.verifier.trust import Trust

__all__ = ["Fetch", "LaidOut", "PublishedSource"]

_WITH_BODY: Final = (
    b'"type":"sealed"',
    *(f'"type":"{kind.__name__}"'.encode() for kind in ALL if kind.text_type is not None),
)


class LaidOut(NamedTuple):
    """The folder into which another process's source was laid out: enough to read streams from."""

    folder: str
    timed: bool

    def open(self) -> PublishedSource:
        return PublishedSource(lambda path: None, {}, Path(self.folder), self.timed)


class _Fetched(NamedTuple):
    """A bundle and what belongs to it; None, or nothing, of what is not there or cannot be read."""

    entries: list[bytes] | None
    hashes: list[bytes]
    receipts: list[bytes] | None


class PublishedSource:
    """A published log as the source of an audit.

    `notes` are the signed checkpoints that are shown, by size. `begin` fetches; `timed` is known once it has.
    """

    def __init__(
        self,
        fetch: Fetch,
        notes: Mapping[int, tuple[bytes, Checkpoint]],
        folder: Path | None = None,
        timed: bool = True,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._end = end  # lets go of what `fetch` uses
        self._fetch = fetch
        self._notes = notes
        self._size = max(notes, default=0)
        self._laid_out = folder
        self._timed = timed
        self._own: str | None = None
        self._logs: frozenset[tuple[str, bytes]] = frozenset()

    @classmethod
    def of(cls, fetch: Fetch, notes: Sequence[bytes], end: Callable[[], None] = lambda: None) -> PublishedSource:
        """What the notes are over, none of which is verified here. Raises `Malformed`."""
        heads = [(note, parse_checkpoint(parse_note(note).text)) for note in notes]
        return cls(fetch, {head.size: (note, head) for note, head in heads}, end=end)

    @property
    def tables(self) -> bool:
        return False

    @property
    def timed(self) -> bool:
        return self._timed

    @property
    def connection(self) -> None:
        return None

    @property
    def _folder(self) -> Path:
        assert self._laid_out is not None  # begun
        return self._laid_out

    def begin(self, trust: Trust, progress: Callable[[int, int], None]) -> LaidOut:
        """Fetch every entry and what is public beside it. Raises `Unavailable`."""
        self._own = tempfile.mkdtemp(prefix="ledger-audit-")
        self._laid_out = Path(self._own)
        self._logs = frozenset((key.name, key.key_id) for key in trust.vkeys)
        receipts = ReceiptSource(self._fetch, self._size)
        numbers = range(-(-self._size // TILE_WIDTH))
        with ExitStack() as stack:
            # Two pools: who waits for a bundle must not wait for its bodies behind other bundles.
            bundles, bodies = (stack.enter_context(ThreadPoolExecutor(THREADS)) for _ in range(2))
            layout = stack.enter_context(Layout(self._folder, self._size))
            heads = ShownHeads(layout.put_checkpoint, self._notes, trust)
            fetched = in_turn(bundles, partial(self._all_of, receipts), numbers)
            for number, found in zip(numbers, fetched, strict=True):
                self._lay_out(number, found, heads, layout, bodies)
                progress(min((number + 1) * TILE_WIDTH, self._size), self._size)
            if self._notes:
                self._timed = heads.finish()
        return LaidOut(self._own, self._timed)

    def _all_of(self, receipts: ReceiptSource, number: int) -> _Fetched:
        return _Fetched(self._bundle(number), self._hashes(number), receipts.receipts(number))

    def _lay_out(
        self, number: int, found: _Fetched, heads: ShownHeads, layout: Layout, bodies: ThreadPoolExecutor
    ) -> None:
        first, width = number * TILE_WIDTH, tile_width(0, number, self._size)
        entries: Sequence[bytes | None] = found.entries or [None] * width
        hashes: Sequence[bytes | None] = found.hashes or [None] * width

        def leaves(index: int) -> list[bytes]:
            entry, hashed = entries[index - first], hashes[index - first]
            own = None if entry is None else leaf_hash(entry)
            return [one for one in dict.fromkeys((own, hashed)) if one is not None]

        heads.take(found.receipts, leaves)
        layout.put_hashes(hashes)
        rows = list(enumerate(entries, first))
        for (index, entry), body in zip(rows, bodies.map(self._body, rows), strict=True):
            layout.put(index, heads.time_of(index), entry, body)

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
        hashes = split_hashes(self.tile(0, number, width) or b"")
        return hashes if len(hashes) == width and len(hashes[-1]) == HASH_BYTES else []

    def _body(self, row: tuple[int, bytes | None]) -> bytes | None:
        """What is public of a sealed entry, or of the text that an open one names."""
        index, entry = row
        if entry is None or not any(mark in entry for mark in _WITH_BODY):
            return None
        return self._fetch(f"entries/{index}/body")

    def checkpoints(self) -> Iterator[CheckpointRow]:
        return checkpoints_in(self._folder)

    def leaves(self) -> Iterator[LeafFound]:
        return leaves_in(self._folder)

    def tiles(self) -> Iterator[tuple[int | None, int | None, bytes | None]]:
        level = 0
        with ThreadPoolExecutor(THREADS) as pool:
            while (count := (self._size >> TILE_HEIGHT * level) // TILE_WIDTH) > 0:
                for number, hashes in enumerate(in_turn(pool, partial(self.tile, level), range(count))):
                    if hashes is not None:
                        yield level, number, hashes
                level += 1

    def tile(self, level: int, number: int, width: int = TILE_WIDTH) -> bytes | None:
        data = self._fetch(tile_path(level, number, width))
        if data is None and width < TILE_WIDTH:
            full = self._fetch(tile_path(level, number))
            data = None if full is None else full[: width * HASH_BYTES]
        return data

    def cosignatures(self) -> Iterator[CosignatureRow]:
        for size in sorted(self._notes, reverse=True):
            for line in parse_note(self._notes[size][0]).signatures:
                if (line.name, line.key_id) not in self._logs:
                    yield CosignatureRow(size, line.name, line.key_id, line.signature)

    def governing(self) -> Iterator[GoverningFound]:
        for row in entries_in(self._folder, GOVERNING):
            if row.statement is not None:
                body = None if row.vault is None else row.vault[2]
                yield GoverningFound(row.index, row.subject, row.version or 0, row.recorded_at, row.statement, body)

    def parts(self, governing: bool, count: int) -> Sequence[StreamRange]:
        return [StreamRange(governing, name, "") for name in parts_in(self._folder, governing)]

    def streams(self, part: StreamRange) -> Iterator[list[EntryFound]]:
        return streams_in(self._folder, part.first)

    def facts(self) -> Iterator[tuple[int, bytes]]:
        return iter(())

    def subjects(self) -> Iterator[LeafRow]:
        return subjects_in(self._folder)

    def fact_named(self, digest: bytes) -> str:
        return digest.hex()

    def annexes(self, named: Sequence[bytes]) -> Iterator[AnnexFound]:
        for digest in named:
            content = self._fetch(f"annexes/{digest.hex()}")
            if content is not None:
                yield AnnexFound(digest, sha256(content).digest(), len(content), None, None, False)

    def close(self) -> None:
        self._end()
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
