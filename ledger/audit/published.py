"""A published log as the source of an audit: the paths of C2SP tlog-tiles and the service, over HTTP or in a folder.

Entries are fetched once, in log order, and laid out in files by subject, so that streams can be read whole.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, NamedTuple
from zlib import crc32

import msgspec

from ledger.audit.source import AnnexFound, EntryFound, FactFound, GoverningFound, LeafFound, Part
from ledger.cose.receipt import parse_receipt
from ledger.cose.statement import parse_statement
from ledger.domain.catalogue import SPECS
from ledger.domain.subject import is_governing
from ledger.errors import LedgerError, Refuted
from ledger.limits import TILE_HEIGHT, TILE_WIDTH
from ledger.store.port import CheckpointRow, LeafRow
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.hashing import HASH_BYTES, leaf_hash, split_hashes
from ledger.tlog.proof import root_from_inclusion
from ledger.tlog.tiles import bundle_path, decode_bundle, tile_path, tile_width

__all__ = ["Fetch", "LaidOut", "PublishedSource"]

Fetch = Callable[[str], bytes | None]
"""The bytes under a path without a leading slash, None where there is nothing. Raises `Unavailable`."""

_FILE_BYTES: Final = 32 * 1024 * 1024  # of one file of streams, about: a worker holds one
_FILES_MAX: Final = 512
_THREADS: Final = 8
_GOVERNING: Final = "governing"
_WITH_BODY: Final = (
    b'"type":"sealed"',
    *(f'"type":"{spec.name}"'.encode() for spec in SPECS.values() if spec.text is not None),
)
_encode: Final = msgspec.msgpack.Encoder().encode


class LaidOut(NamedTuple):
    """The folder into which another process's source was laid out: enough to read streams from."""

    folder: str
    timed: bool

    def open(self) -> PublishedSource:
        source = PublishedSource(_nothing, None, Path(self.folder))
        source.without_times(self.timed)
        return source


def _nothing(path: str) -> bytes | None:
    return None


class PublishedSource:
    """`head` is the newest checkpoint, verified already. `begin` fetches; `timed` is known once it has."""

    def __init__(
        self,
        fetch: Fetch,
        head: VerifiedCheckpoint | None,
        folder: Path | None = None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._end = end  # lets go of what `fetch` uses
        self._fetch = fetch
        self._head = head
        self._folder = folder
        self._own: str | None = None
        self._checkpoints: list[CheckpointRow] = []
        self._timed = True
        self._tile: dict[int, list[bytes]] = {}

    @property
    def tables(self) -> bool:
        return False

    @property
    def timed(self) -> bool:
        return self._timed

    @property
    def connection(self) -> None:
        return None

    def begin(self, note: bytes, progress: Callable[[int, int], None]) -> LaidOut:
        """Fetch every entry and what is public beside it. Raises `Malformed`, `Refuted`, `Unavailable`."""
        assert self._head is not None  # begun in the process that opened it
        self._own = tempfile.mkdtemp(prefix="ledger-audit-")
        self._folder = Path(self._own)
        self._walk_receipts(note)
        size, done = self._head.size, 0
        sizes = [row.tree_size for row in self._checkpoints]
        with ThreadPoolExecutor(_THREADS) as pool, _Layout(self._folder, size) as layout:
            place = 0
            for number, entries in enumerate(pool.map(self._bundle, range(-(-size // TILE_WIDTH)))):
                layout.keep_hashes(self._hashes(number))
                rows = [(index, entry) for index, entry in enumerate(entries, done)]
                bodies = pool.map(self._body, rows)
                for (index, entry), body in zip(rows, bodies, strict=True):
                    while sizes[place] <= index:
                        place += 1
                    layout.put(index, self._checkpoints[place].recorded_at, entry, body)
                done += len(entries)
                progress(done, size)
        return LaidOut(self._own, self._timed)

    def without_times(self, timed: bool) -> None:
        """What `begin` found out in another process."""
        self._timed = timed

    def _walk_receipts(self, note: bytes) -> None:
        """Every checkpoint shows in the receipt of the first entry that it covers."""
        assert self._head is not None  # see `begin`
        size, time = 0, 0
        while size < self._head.size:
            data = self._fetch(f"entries/{size}")
            if data is None:
                self._timed = False
                break
            receipt = parse_receipt(data)
            if receipt.index != size or receipt.tree_size <= size or receipt.tree_size > self._head.size:
                raise Refuted(f"the receipt of entry {size} is of another place: size {receipt.tree_size}")
            leaf = self._hashes(size // TILE_WIDTH)[size % TILE_WIDTH]
            root = root_from_inclusion(size, receipt.tree_size, leaf, list(receipt.path))
            message = receipt.message
            newest = note if receipt.tree_size == self._head.size else b""
            time = receipt.iat
            self._checkpoints.append(
                CheckpointRow(receipt.tree_size, size, root, time, newest, message.protected_bytes, message.signature)
            )
            size = receipt.tree_size
        if size < self._head.size:
            row = CheckpointRow(self._head.size, size, self._head.root, time, note, b"", b"")
            self._checkpoints.append(row)

    def _bundle(self, number: int) -> list[bytes]:
        assert self._head is not None  # see `begin`
        width = tile_width(0, number, self._head.size)
        path = bundle_path(number, width)
        data = self._fetch(path)
        if data is None:
            raise Refuted(f"{path} is not there, under a signed checkpoint of {self._head.size} entries")
        entries = decode_bundle(data)
        if len(entries) != width:
            raise Refuted(f"{path} holds {len(entries)} entries, not {width}")
        return entries

    def _hashes(self, number: int) -> list[bytes]:
        """The leaf hashes of a tile, full or not; of a mirror without partial ones, those of its entries."""
        assert self._head is not None  # see `begin`
        if number not in self._tile:
            width = tile_width(0, number, self._head.size)
            data = self._fetch(tile_path(0, number, width))
            hashes = split_hashes(data) if data else [leaf_hash(entry) for entry in self._bundle(number)]
            if len(hashes) != width:
                raise Refuted(f"tile 0/{number} holds {len(hashes)} hashes, not {width}")
            self._tile = {number: hashes}  # the walk goes on in order
        return self._tile[number]

    def _body(self, row: tuple[int, bytes]) -> bytes | None:
        """What is public of a sealed entry, or of the text that an open one names."""
        index, entry = row
        if not any(mark in entry for mark in _WITH_BODY):
            return None
        return self._fetch(f"entries/{index}/body")

    def checkpoints(self) -> Iterator[CheckpointRow]:
        yield from self._checkpoints

    def leaves(self) -> Iterator[LeafFound]:
        assert self._folder is not None  # begun
        with (self._folder / "leaves").open("rb") as file, (self._folder / "tiled").open("rb") as tiled:
            index = 0
            while hashed := file.read(HASH_BYTES):
                yield LeafFound(index, hashed, tiled.read(HASH_BYTES), None)
                index += 1

    def tiles(self) -> Iterator[tuple[int | None, int | None, bytes | None]]:
        size = 0 if self._head is None else self._head.size
        level = 0
        while (count := (size >> TILE_HEIGHT * level) // TILE_WIDTH) > 0:
            with ThreadPoolExecutor(_THREADS) as pool:
                for number, hashes in enumerate(pool.map(lambda n, at=level: self.tile(at, n), range(count))):
                    if hashes is not None:
                        yield level, number, hashes
            level += 1

    def tile(self, level: int, number: int) -> bytes | None:
        return self._fetch(tile_path(level, number))

    def governing(self) -> Iterator[GoverningFound]:
        for row in self._rows(_GOVERNING):
            if row.statement is not None:
                yield GoverningFound(
                    row.index, row.subject, row.version or 0, row.recorded_at, row.statement, _body_of(row)
                )

    def parts(self, governing: bool, count: int) -> Sequence[Part]:
        assert self._folder is not None  # begun
        if governing:
            return [Part(True, _GOVERNING, "")]
        return [Part(False, path.name, "") for path in sorted(self._folder.glob("streams-*"))]

    def streams(self, part: Part) -> Iterator[list[EntryFound]]:
        by_subject: defaultdict[str, list[EntryFound]] = defaultdict(list)
        for row in self._rows(part.first):
            by_subject[row.subject].append(row)
        yield from by_subject.values()

    def _rows(self, name: str) -> Iterator[EntryFound]:
        assert self._folder is not None  # begun
        path = self._folder / name
        if not path.exists():
            return
        decode = msgspec.msgpack.Decoder(tuple[int, str, int, bytes, bytes | None]).decode
        with path.open("rb") as file:
            while head := file.read(4):
                index, subject, recorded_at, statement, body = decode(file.read(int.from_bytes(head)))
                vault = None if body is None else (index, None, body, None)
                yield EntryFound(index, subject, None, None, statement, None, recorded_at, None, vault, False)

    def facts(self) -> Iterator[FactFound]:
        return iter(())

    def subjects(self) -> Iterator[LeafRow]:
        assert self._folder is not None  # begun
        with (self._folder / "subjects").open("rb") as file:
            for leaf in self.leaves():
                subject = file.read(int.from_bytes(file.read(2))).decode()
                yield LeafRow(leaf.index, subject, leaf.hashed or b"")

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


def _body_of(row: EntryFound) -> bytes | None:
    return None if row.vault is None else row.vault[2]


class _Layout:
    """Files of streams, in each the streams of some subjects; as many as keep each one small."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._count = max(1, min(_FILES_MAX, size * 2_048 // _FILE_BYTES))
        self._files: dict[str, IO[bytes]] = {}

    def put(self, index: int, recorded_at: int, entry: bytes, body: bytes | None) -> None:
        self._file("leaves").write(leaf_hash(entry))
        try:
            subject = parse_statement(entry).subject
        except LedgerError:
            subject = ""  # nobody's; it is found when it is read
        self._file("subjects").write(len(subject.encode()).to_bytes(2) + subject.encode())
        name = (
            _GOVERNING if subject and is_governing(subject) else f"streams-{crc32(subject.encode()) % self._count:04}"
        )
        record = _encode((index, subject, recorded_at, entry, body))
        self._file(name).write(len(record).to_bytes(4) + record)

    def keep_hashes(self, hashes: Sequence[bytes]) -> None:
        self._file("tiled").write(b"".join(hashes))

    def _file(self, name: str) -> IO[bytes]:
        if name not in self._files:
            self._files[name] = (self._folder / name).open("wb")
        return self._files[name]

    def __enter__(self) -> _Layout:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
