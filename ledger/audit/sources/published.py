"""A published log as the source of an audit: the paths of C2SP tlog-tiles and the service, over HTTP or in a folder.

Entries are fetched once (`entry_bundles.py`) and laid out in files (`spool.py`), so that streams can be read whole.
What is not there, or cannot be read, is left to the checks to name.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ledger.audit.sources.entry_bundles import LayingOut, lay_out
from ledger.audit.sources.published_checkpoints import ShownHeads
from ledger.audit.sources.source import AnnexFound, EntryFound, GoverningFound, LeafFound, StreamRange
from ledger.audit.sources.spool import (
    GOVERNING,
    CheckpointFiles,
    Times,
    checkpoints_in,
    entries_in,
    leaves_in,
    parts_in,
    require_folder,
    streams_in,
    subjects_in,
)
from ledger.errors import Malformed
from ledger.limits import PARTS_PER_PROCESS_MIN, STATEMENT_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH
from ledger.mirror.target import open_target
from ledger.parallel.engine import Engine
from ledger.reading.prefetch import THREADS, Fetch, in_turn
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.store.cosignatures import CosignatureRow
from ledger.tlog.checkpoint import Checkpoint, parse_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.tlog.note import parse_note
from ledger.tlog.tiles import tile_path
from ledger.verifier import Trust

__all__ = ["Fetch", "LaidOut", "PublishedSource", "TargetFetch"]

_TARGET_BYTES_MAX: Final = TILE_WIDTH * (STATEMENT_BYTES_MAX + 2)  # of the longest: a bundle of entries
_PARTS: Final = 256  # of the log, at least where it is long
_PART_BUNDLES_MIN: Final = 16


class LaidOut(NamedTuple):
    """The folder into which another process's source was laid out: enough to read streams from."""

    folder: str
    timed: bool

    def open(self) -> PublishedSource:
        """Raises `Misconfigured` where the folder is not there."""
        require_folder(Path(self.folder))
        return PublishedSource(lambda path: None, {}, Path(self.folder), self.timed)


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

    @cached_property
    def _times(self) -> Times:
        return Times(self._folder)

    def begin(
        self, trust: Trust, progress: Callable[[int, int], None], engine: Engine, scratch: Path | None = None
    ) -> LaidOut:
        """Fetch every entry and what is public beside it, into a folder below `scratch` (a temporary one otherwise).

        An `engine` with processes of its own needs a `fetch` that can be pickled. Raises `Unavailable`,
        `Misconfigured`.
        """
        self._own = tempfile.mkdtemp(prefix="ledger-audit-", dir=scratch)
        self._laid_out = Path(self._own)
        self._logs = frozenset((key.name, key.key_id) for key in trust.vkeys)
        bundles = -(-self._size // TILE_WIDTH)
        width = max(_PART_BUNDLES_MIN, -(-bundles // max(_PARTS, engine.processes * PARTS_PER_PROCESS_MIN)))
        parts = [range(first, min(first + width, bundles)) for first in range(0, bundles, width)]
        with closing(CheckpointFiles(self._folder)) as files:
            heads = ShownHeads(files.put, files.date, self._notes, trust)
            for part, shown in zip(
                parts, engine.run(lay_out, LayingOut(self._fetch, self._size, self._own), parts), strict=True
            ):
                for receipts, leaves in shown:
                    heads.take(receipts, leaves)
                progress(min(part.stop * TILE_WIDTH, self._size), self._size)
            if self._notes:
                self._timed = heads.finish()
        return LaidOut(self._own, self._timed)

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
        for row in entries_in(self._folder, GOVERNING, self._times):
            if row.statement is not None:
                body = None if row.vault is None else row.vault[2]
                yield GoverningFound(row.index, row.subject, row.version or 0, row.recorded_at, row.statement, body)

    def parts(self, governing: bool, count: int) -> Sequence[StreamRange]:
        return [StreamRange(governing, name, "") for name in parts_in(self._folder, governing)]

    def streams(self, part: StreamRange) -> Iterator[list[EntryFound]]:
        return streams_in(self._folder, part.first, self._times)

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


class TargetFetch:
    """A `Fetch` over where a mirror lies, a folder or a bucket. Picklable, thread-safe: in any process its address is
    enough. Raises `Misconfigured` for what is no address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._target = open_target(address)

    def __call__(self, path: str) -> bytes | None:
        try:
            return self._target.get(path, _TARGET_BYTES_MAX)
        except Malformed:
            return b""  # longer than anything can be: it is none of what it should be

    def __reduce__(self) -> tuple[type[TargetFetch], tuple[str]]:
        return TargetFetch, (self._address,)
