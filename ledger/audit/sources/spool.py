"""What was fetched of a published log, in files: checkpoints, leaves and bodies in log order, streams by subject.

checkpoints   rows, by size
times         first entry, size and time of each checkpoint that receipts date
part-…        what some bundles held, by log order:
  leaves      32 bytes an entry: its leaf hash, zeros where the entry could not be read
  tiled       32 bytes an entry: its leaf hash in the tile, zeros where there is none
  subjects    of each entry that could be read, after its length: whose stream it is in
  governing   entries of governing streams
  governed-…, streams-…    entries of some streams

Parts are laid out by whoever does it first, in any order; only with all of them is the log whole.
"""

from __future__ import annotations

import shutil
import tempfile
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self
from zlib import crc32

import msgspec

from ledger.audit.sources.source import EntryFound, LeafFound
from ledger.cose.statement import parse_statement
from ledger.domain.values.subject import is_governing
from ledger.errors import LedgerError, Misconfigured
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.tlog.hashing import HASH_BYTES, leaf_hash

__all__ = [
    "GOVERNING",
    "CheckpointFiles",
    "PartLayout",
    "Times",
    "checkpoints_in",
    "entries_in",
    "leaves_in",
    "parts_in",
    "require_folder",
    "streams_in",
    "subjects_in",
]

GOVERNING: Final = "governing"
_FILE_BYTES: Final = 32 * 1024 * 1024  # of all files of the same streams, about: a worker holds them
_FILES_MAX: Final = 256  # of each kind; all are open while a part is laid out
_ENTRY_BYTES: Final = 2_048  # with its body, about
_GONE: Final = bytes(HASH_BYTES)
_Entry = tuple[int, str, int, bytes, bytes | None]


class CheckpointFiles:
    """Writes the checkpoints, and from when to when receipts date entries."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = (folder / "checkpoints").open("wb")
        self._encode = msgspec.msgpack.Encoder().encode
        self._times = array("q")

    def put(self, row: CheckpointRow) -> None:
        """They come by size."""
        _write(self._rows, self._encode(astuple(row)))

    def date(self, first: int, size: int, time: int) -> None:
        """The entries from `first` up to `size` were recorded at `time`. They come in order."""
        self._times.extend((first, size, time))

    def close(self) -> None:
        self._rows.close()
        (self._folder / "times").write_bytes(self._times.tobytes())


class Times:
    """When entries were recorded, as far as receipts say."""

    def __init__(self, folder: Path) -> None:
        found = array("q")
        found.frombytes((folder / "times").read_bytes())
        self._firsts, self._sizes, self._times = found[0::3], found[1::3], found[2::3]

    def of(self, index: int) -> int:
        """0 where no receipt says so."""
        place = bisect_right(self._firsts, index) - 1
        return self._times[place] if place >= 0 and index < self._sizes[place] else 0


class PartLayout:
    """Writes the files of a part; as many for streams as keep those of the whole log, of `size` entries, small.

    They come to their place as a whole, at the end: where another process was faster, its files stay. Raises
    `Misconfigured` where the folder is not there.
    """

    def __init__(self, folder: Path, size: int, number: int) -> None:
        require_folder(folder)
        self._place = folder / f"part-{number:06}"
        self._folder = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))
        self._count = max(1, min(_FILES_MAX, size * _ENTRY_BYTES // _FILE_BYTES))
        self._files: dict[str, IO[bytes]] = {}
        self._open = ExitStack()
        self._encode = msgspec.msgpack.Encoder().encode

    def put_hashes(self, hashes: Sequence[bytes | None]) -> None:
        """The next leaf hashes of the tiles."""
        self._file("tiled").write(b"".join([one or _GONE for one in hashes]))

    def put(self, index: int, entry: bytes | None, body: bytes | None) -> None:
        """The next entry, None where it could not be read."""
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
        record = self._encode((index, subject, issued_at, entry, body))
        governing = bool(subject) and is_governing(subject)
        if governing:
            _write(self._file(GOVERNING), record)
        _write(self._file(f"{'governed' if governing else 'streams'}-{crc32(name) % self._count:04}"), record)

    def _file(self, name: str) -> IO[bytes]:
        if name not in self._files:
            self._files[name] = self._open.enter_context((self._folder / name).open("wb"))
        return self._files[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()
        try:
            if error is None:
                self._folder.rename(self._place)
        except OSError:
            if not self._place.is_dir():
                raise
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def require_folder(folder: Path) -> None:
    """Raises `Misconfigured` where whoever is to read or write in it does not see it."""
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is not there for a worker: name one that all machines see (--scratch)")


def checkpoints_in(folder: Path) -> Iterator[CheckpointRow]:
    """By size."""
    decode = msgspec.msgpack.Decoder(tuple[Any, ...]).decode  # a row as it is: something may be gone
    return (CheckpointRow(*decode(record)) for record in _records(folder / "checkpoints"))


def leaves_in(folder: Path) -> Iterator[LeafFound]:
    """By index. `column` is the hash in the tile."""
    index = 0
    for part in _parts(folder):
        for leaf in _leaves(part, index):
            yield leaf
            index += 1


def _leaves(part: Path, index: int) -> Iterator[LeafFound]:
    with (part / "leaves").open("rb") as file, (part / "tiled").open("rb") as tiled:
        while hashed := file.read(HASH_BYTES):
            yield LeafFound(index, _there(hashed), _there(tiled.read(HASH_BYTES)), None)
            index += 1


def subjects_in(folder: Path) -> Iterator[LeafRow]:
    """By index, without entries that could not be read."""
    index = 0
    for part in _parts(folder):
        with ExitStack() as stack:
            path = part / "subjects"
            file = stack.enter_context(path.open("rb")) if path.exists() else None
            for leaf in _leaves(part, index):
                index += 1
                if leaf.hashed is not None and file is not None:
                    subject = file.read(int.from_bytes(file.read(2))).decode()
                    yield LeafRow(leaf.index, subject, leaf.hashed)


def entries_in(folder: Path, name: str, times: Times) -> Iterator[EntryFound]:
    """The entries of the files of one name, by index. Without a receipt's time: when they were issued."""
    decode = msgspec.msgpack.Decoder(_Entry).decode
    for part in _parts(folder):
        for data in _records(part / name):
            index, subject, issued_at, statement, body = decode(data)
            vault = None if body is None else (index, None, body, None)
            at = times.of(index) or issued_at
            yield EntryFound(index, subject, None, None, statement, None, at, None, vault, False)


def parts_in(folder: Path, governing: bool) -> list[str]:
    """The names of files of streams of the one kind or the other."""
    return sorted({path.name for path in folder.glob("part-*/governed-*" if governing else "part-*/streams-*")})


def streams_in(folder: Path, name: str, times: Times) -> Iterator[list[EntryFound]]:
    """The streams of the files of one name, which are held in memory."""
    by_subject: defaultdict[str, list[EntryFound]] = defaultdict(list)
    for row in entries_in(folder, name, times):
        by_subject[row.subject].append(row)
    yield from by_subject.values()


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*"))


def _write(file: IO[bytes], record: bytes) -> None:
    file.write(len(record).to_bytes(4) + record)


def _records(path: Path) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(4):
            yield file.read(int.from_bytes(head))


def _there(hashed: bytes) -> bytes | None:
    return None if hashed == _GONE else hashed
