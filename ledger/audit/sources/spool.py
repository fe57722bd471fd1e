"""What was fetched of a published log, in files: checkpoints, leaves and bodies in log order, streams by subject.

checkpoints   rows, by size
leaves        32 bytes an entry: its leaf hash, zeros where the entry could not be read
tiled         32 bytes an entry: its leaf hash in the tile, zeros where there is none
subjects      of each entry that could be read, after its length: whose stream it is in
governing     entries of governing streams in log order
governed-…, streams-…    entries of some streams
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import IO, Any, Final
from zlib import crc32

import msgspec

from ledger.audit.sources.source import EntryFound, LeafFound
from ledger.cose.statement import parse_statement
from ledger.domain.values.subject import is_governing
from ledger.errors import LedgerError
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.tlog.hashing import HASH_BYTES, leaf_hash

__all__ = ["GOVERNING", "Layout", "checkpoints_in", "entries_in", "leaves_in", "parts_in", "streams_in", "subjects_in"]

GOVERNING: Final = "governing"
_FILE_BYTES: Final = 32 * 1024 * 1024  # of one file of streams, about: a worker holds one
_FILES_MAX: Final = 256  # of each kind; all are open while the log is laid out
_ENTRY_BYTES: Final = 2_048  # with its body, about
_GONE: Final = bytes(HASH_BYTES)
_Entry = tuple[int, str, int, bytes, bytes | None]


class Layout:
    """Writes the files; as many for streams as keep each one small."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._count = max(1, min(_FILES_MAX, size * _ENTRY_BYTES // _FILE_BYTES))
        self._files: dict[str, IO[bytes]] = {}
        self._encode = msgspec.msgpack.Encoder().encode

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """They come by size."""
        self._write("checkpoints", self._encode(astuple(row)))

    def put_hashes(self, hashes: Sequence[bytes | None]) -> None:
        """The next leaf hashes of the tiles."""
        self._file("tiled").write(b"".join([one or _GONE for one in hashes]))

    def put(self, index: int, recorded_at: int, entry: bytes | None, body: bytes | None) -> None:
        """The next entry, None where it could not be read; `recorded_at` 0 where nobody says."""
        self._file("leaves").write(_GONE if entry is None else leaf_hash(entry))
        if entry is None:
            return
        subject, issued_at = "", 0  # nobody's: it is found when it is read
        try:
            statement = parse_statement(entry)
            subject, issued_at = statement.subject, statement.iat
        except LedgerError:
            pass
        name = subject.encode()
        self._file("subjects").write(len(name).to_bytes(2) + name)
        record = self._encode((index, subject, recorded_at or issued_at, entry, body))
        governing = bool(subject) and is_governing(subject)
        if governing:
            self._write(GOVERNING, record)
        self._write(f"{'governed' if governing else 'streams'}-{crc32(name) % self._count:04}", record)

    def _write(self, name: str, record: bytes) -> None:
        self._file(name).write(len(record).to_bytes(4) + record)

    def _file(self, name: str) -> IO[bytes]:
        if name not in self._files:
            self._files[name] = (self._folder / name).open("wb")
        return self._files[name]

    def __enter__(self) -> Layout:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()


def checkpoints_in(folder: Path) -> Iterator[CheckpointRow]:
    """By size."""
    decode = msgspec.msgpack.Decoder(tuple[Any, ...]).decode  # a row as it is: something may be gone
    return (CheckpointRow(*decode(record)) for record in _records(folder / "checkpoints"))


def leaves_in(folder: Path) -> Iterator[LeafFound]:
    """By index. `column` is the hash in the tile."""
    if not (folder / "leaves").exists():
        return
    with (folder / "leaves").open("rb") as file, (folder / "tiled").open("rb") as tiled:
        index = 0
        while hashed := file.read(HASH_BYTES):
            column = tiled.read(HASH_BYTES)
            yield LeafFound(index, _there(hashed), _there(column), None)
            index += 1


def subjects_in(folder: Path) -> Iterator[LeafRow]:
    """By index, without entries that could not be read."""
    if not (folder / "subjects").exists():
        return
    with (folder / "subjects").open("rb") as file:
        for leaf in leaves_in(folder):
            if leaf.hashed is not None:
                subject = file.read(int.from_bytes(file.read(2))).decode()
                yield LeafRow(leaf.index, subject, leaf.hashed)


def entries_in(folder: Path, name: str) -> Iterator[EntryFound]:
    """The entries of one file, by index."""
    decode = msgspec.msgpack.Decoder(_Entry).decode
    for data in _records(folder / name):
        index, subject, recorded_at, statement, body = decode(data)
        vault = None if body is None else (index, None, body, None)
        yield EntryFound(index, subject, None, None, statement, None, recorded_at, None, vault, False)


def parts_in(folder: Path, governing: bool) -> list[str]:
    """The files of streams of the one kind or the other."""
    return sorted(path.name for path in folder.glob("governed-*" if governing else "streams-*"))


def streams_in(folder: Path, name: str) -> Iterator[list[EntryFound]]:
    """The streams of one file, which is held in memory."""
    by_subject: defaultdict[str, list[EntryFound]] = defaultdict(list)
    for row in entries_in(folder, name):
        by_subject[row.subject].append(row)
    yield from by_subject.values()


def _records(path: Path) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(4):
            yield file.read(int.from_bytes(head))


def _there(hashed: bytes) -> bytes | None:
    return None if hashed == _GONE else hashed
