"""Records of things by name in files, so that two lists of any length can be compared in little memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar
from zlib import crc32

import msgspec
from msgspec.structs import astuple

__all__ = ["BUCKETS", "DiskIndex", "Indices"]

Record = TypeVar("Record", bound=msgspec.Struct)

BUCKETS: Final = 64
_HELD_MAX: Final = 4_096


class DiskIndex(Generic[Record]):
    """Records in `BUCKETS` files by their names' checksum: those of one name are in one bucket, in any order."""

    def __init__(self, kind: type[Record]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ledger-audit-")
        self._kind = kind
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[Any]).decode  # its own rows: of the right types as they were put
        self._pending: list[list[bytes]] = [[] for _ in range(BUCKETS)]
        self._held = 0

    def put(self, name: bytes, record: Record) -> None:
        data = self._encode(astuple(record))
        self._pending[crc32(name) % BUCKETS].append(len(data).to_bytes(4) + data)
        self._held += 1
        if self._held >= _HELD_MAX:
            self._write()

    def bucket(self, number: int) -> Iterator[Record]:
        """The records of a bucket, in the order in which they were put."""
        self._write()
        path = self._path(number)
        if not path.exists():
            return
        with path.open("rb") as file:
            while head := file.read(4):
                yield self._kind(*self._decode(file.read(int.from_bytes(head))))

    def _write(self) -> None:
        for number, records in enumerate(self._pending):
            if records:
                with self._path(number).open("ab") as file:
                    file.write(b"".join(records))
                records.clear()
        self._held = 0

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number:02}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


class Indices:
    """A set of leaf indices, a bit for each entry up to the largest."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, index: int) -> None:
        place = index >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (index & 7)

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int) or not 0 <= index >> 3 < len(self._bits):
            return False
        return bool(self._bits[index >> 3] >> (index & 7) & 1)
