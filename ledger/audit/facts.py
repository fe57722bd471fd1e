"""Unique facts: those that the entries make against those in the table, in bounded memory.

Both sides are boiled down to records of a digest of kind and key (16 bytes) and the leaf index (8 bytes), put into
files by the digest's first byte, and compared file by file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, Self

from ledger.audit.findings import Findings
from ledger.audit.source import FactFound
from ledger.store.appending import fact_key
from ledger.store.port import Fact

__all__ = ["DIGEST_SQL", "OPTIONAL", "FactFiles", "compare_facts", "fact_record"]

_DIGEST_BYTES: Final = 16
_RECORD_BYTES: Final = 24
_BUCKETS: Final = 256
_MASK: Final = (1 << 64) - 1
OPTIONAL: Final = 1 << 63  # on an index: the fact may be there, or not
DIGEST_SQL: Final = "substr(sha256(convert_to(kind, 'UTF8') || '\\x00'::bytea || convert_to(key, 'UTF8')), 1, 16)"


def fact_record(fact: Fact, index: int) -> bytes:
    """24 bytes for a fact that the entry `index` makes."""
    return _digest(fact) + index.to_bytes(8)


def _digest(fact: Fact) -> bytes:
    return sha256(b"\x00".join((fact.kind.encode(), fact_key(fact.key).encode()))).digest()[:_DIGEST_BYTES]


class FactFiles:
    """Records by the first byte of their digest, in files that go with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ledger-audit-")
        self._pending: dict[int, list[bytes]] = {}
        self._held = 0
        self._written = False
        self.count = 0

    def add(self, records: bytes) -> None:
        """Any number of records, joined."""
        for at in range(0, len(records), _RECORD_BYTES):
            self._pending.setdefault(records[at], []).append(records[at : at + _RECORD_BYTES])
        self._held += len(records)
        self.count += len(records) // _RECORD_BYTES
        if self._held > 4 * 1024 * 1024:
            self._flush()

    def take(self, rows: Iterable[FactFound]) -> None:
        """Rows of the table; one that names no entry gets an index that no entry has."""
        for row in rows:
            index = -1 if row.index is None else row.index
            self.add((row.digest or bytes(_DIGEST_BYTES)) + (index & _MASK).to_bytes(8))

    def bucket(self, number: int) -> Iterator[tuple[bytes, int]]:
        """Digest and index of the records whose digest begins with this byte."""
        path = self._path(number)
        data = path.read_bytes() if self._written and path.exists() else b""
        data += b"".join(self._pending.get(number, ()))
        for at in range(0, len(data), _RECORD_BYTES):
            yield data[at : at + _DIGEST_BYTES], int.from_bytes(data[at + _DIGEST_BYTES : at + _RECORD_BYTES])

    def _flush(self) -> None:
        self._written = True
        for number, records in self._pending.items():
            with self._path(number).open("ab") as file:
                _write(file, records)
        self._pending.clear()
        self._held = 0

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number:02x}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def _write(file: IO[bytes], records: Iterable[bytes]) -> None:
    file.write(b"".join(records))


def compare_facts(
    made: FactFiles,
    kept: FactFiles | None,
    findings: Findings,
    *,
    name_of: Callable[[bytes], str],
    closed: set[int],
    unsound: Callable[[int], bool],
) -> None:
    """Compare what the entries make with what is kept (None: nothing to compare, but each must still be made once).

    `name_of(digest)`: kind and key of a row, for people. `closed`: entries whose body is gone, with facts that nobody
    can derive. `unsound(index)`: whether the entry is one that other findings are about.
    """
    for number in range(_BUCKETS):
        expected: dict[bytes, int] = {}
        optional: dict[bytes, int] = {}
        for digest, index in made.bucket(number):
            if index & OPTIONAL:
                optional[digest] = index & ~OPTIONAL
            elif expected.setdefault(digest, index) != index:
                findings.add(
                    "fact.twice", f"also entry {min(expected[digest], index)}", entry=max(expected[digest], index)
                )
        if kept is None:
            continue
        seen: set[bytes] = set()
        for digest, index in kept.bucket(number):
            named = expected.get(digest, optional.get(digest))
            if digest in seen:
                findings.add("fact.unknown", "twice in the table", entry=index, row=_row(name_of, digest))
            elif named is None and index in closed:
                findings.note("fact_of_erased", name_of(digest), entry=index)
            elif named is None and unsound(index):
                findings.note("not_compared", name_of(digest), entry=index)
            elif named is None:
                findings.add("fact.unknown", entry=index, row=_row(name_of, digest))
            elif named != index:
                findings.add("fact.altered", f"the table says entry {index}", entry=named, row=_row(name_of, digest))
            seen.add(digest)
        for digest, index in expected.items():
            if digest not in seen:
                findings.add("fact.missing", f"digest {digest.hex()}", entry=index)


def _row(name_of: Callable[[bytes], str], digest: bytes) -> str:
    return f"ledger.unique_facts {name_of(digest)}"
