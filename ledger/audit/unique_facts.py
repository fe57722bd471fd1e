"""Unique facts: those that the entries make against those in the table, in bounded memory.

Both sides are boiled down to records of a digest of kind and key (16 bytes) and the leaf index (8 bytes) and compared
bucket by bucket, a bucket for each first byte of the digests: those of the entries lie in files meanwhile.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from struct import iter_unpack
from typing import Final, Self

from ledger.audit.findings import Findings
from ledger.store.append_parameters import fact_key
from ledger.store.contract import Fact

__all__ = ["FROM_HERE", "NOT_YET", "OPTIONAL", "FactFiles", "compare_facts", "fact_record"]

_DIGEST_BYTES: Final = 16
_RECORD_BYTES: Final = 24
_RECORD: Final = f"{_RECORD_BYTES}s"
_BUCKETS: Final = 256
_HELD_BYTES_MAX: Final = 4 * 1024 * 1024
OPTIONAL: Final = 1 << 63  # on an index: the fact may be there, or not
FROM_HERE: Final = 1 << 62  # others may say the fact, too: it is kept as that of the first
NOT_YET: Final = 1 << 61  # the entry comes before whatever says the fact, and says nothing itself
_INDEX: Final = NOT_YET - 1


def fact_record(fact: Fact, index: int) -> bytes:
    """24 bytes for a fact that the entry `index` makes; `sources/database_source.py` has them made by the database."""
    return _digest(fact) + index.to_bytes(8)


def _digest(fact: Fact) -> bytes:
    return sha256(b"\x00".join((fact.kind.encode(), fact_key(fact.key).encode()))).digest()[:_DIGEST_BYTES]


class FactFiles:
    """Records by the first byte of their digest, in files that go with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ledger-audit-")
        self._pending: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        self._held = 0
        self._written = False
        self.count = 0

    def add(self, records: bytes) -> None:
        """Any number of records, joined."""
        pending = self._pending
        for (record,) in iter_unpack(_RECORD, records):
            pending[record[0]].append(record)
        self._held += len(records)
        self.count += len(records) // _RECORD_BYTES
        if self._held > _HELD_BYTES_MAX:
            self._flush()

    def bucket(self, number: int) -> list[bytes]:
        """The records whose digest begins with this byte."""
        path = self._path(number)
        written = path.read_bytes() if self._written and path.exists() else b""
        return [*_records(written), *self._pending[number]]

    def _flush(self) -> None:
        self._written = True
        for number, records in enumerate(self._pending):
            with self._path(number).open("ab") as file:
                file.write(b"".join(records))
            records.clear()
        self._held = 0

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number:02x}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def compare_facts(
    made: FactFiles,
    kept: Iterable[tuple[int, bytes]] | None,
    findings: Findings,
    *,
    name_of: Callable[[bytes], str],
    closed: Container[int],
    unsound: Callable[[int], bool],
) -> None:
    """Compare what the entries make with what is kept: for each first byte in order, the joined records of a table.

    `kept` None: nothing to compare, but each must still be made once. `name_of(digest)`: kind and key of a row, for
    people. `closed`: entries whose body is gone, with facts that nobody can derive. `unsound(index)`: whether the
    entry is one that other findings are about.
    """
    for number, table in enumerate(_by_bucket(kept or ())):
        records, lasting = _settle(made.bucket(number), findings)
        rows = _records(table)
        if kept is not None and _as_it_should_be(records, rows):
            continue
        expected, optional = _said_once(records, findings)
        if kept is None:
            continue
        seen: set[bytes] = set()
        for digest, index in map(_taken_apart, rows):
            named = expected.get(digest, optional.get(digest))
            gone = named is None or (digest in lasting and index < named)  # whatever said it cannot be judged
            if digest in seen:
                findings.add("fact.unknown", "twice in the table", entry=index, row=_row(name_of, digest))
            elif gone and index in closed:
                findings.note("fact_of_erased", name_of(digest), entry=index)
            elif gone and unsound(index):
                findings.note("not_compared", name_of(digest), entry=index)
            elif named is None:
                findings.add("fact.unknown", entry=index, row=_row(name_of, digest))
            elif named != index:
                findings.add("fact.altered", f"the table says entry {index}", entry=named, row=_row(name_of, digest))
            seen.add(digest)
        for digest, index in expected.items():
            if digest not in seen:
                findings.add("fact.missing", f"digest {digest.hex()}", entry=index)


def _said_once(records: Iterable[bytes], findings: Findings) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """By digest, the entry that must be in the table, and that which may be; a fact that two entries make is found."""
    expected: dict[bytes, int] = {}
    optional: dict[bytes, int] = {}
    for digest, index in map(_taken_apart, records):
        if index & OPTIONAL:
            optional[digest] = index & ~OPTIONAL
        elif expected.setdefault(digest, index) != index:
            first, second = sorted((expected[digest], index))
            findings.add("fact.twice", f"also entry {first}", entry=second)
    return expected, optional


def _settle(records: list[bytes], findings: Findings) -> tuple[list[bytes], frozenset[bytes]]:
    """The records with those of facts that several entries say boiled down to that of the first, and these facts.

    Whatever had to come before that one is compared with it.
    """
    first: dict[bytes, int] = {}
    before: list[tuple[bytes, int]] = []
    settled = []
    for record in records:
        digest, index = _taken_apart(record)
        if index & FROM_HERE:
            first[digest] = min(first.get(digest, _INDEX), index & _INDEX)
        elif index & NOT_YET:
            before.append((digest, index & _INDEX))
        else:
            settled.append(record)
    for digest, index in sorted(before, key=lambda one: one[1]):
        if first.get(digest, index) < index:
            findings.add("fact.before", f"entry {first[digest]} says so already", entry=index)
    settled += [digest + index.to_bytes(8) for digest, index in first.items()]
    return settled, frozenset(first)


def _as_it_should_be(records: Sequence[bytes], rows: Sequence[bytes]) -> bool:
    """Whether every fact is made once and kept once, and by the same entry: then nobody needs a closer look."""
    optional = {_kept_as(record) for record in records if record[_DIGEST_BYTES] & 0x80}
    required = {record for record in records if not record[_DIGEST_BYTES] & 0x80}
    either = required | optional
    return (
        len(either) == len(records)
        and len(rows) == len(kept := set(rows))
        and len({record[:_DIGEST_BYTES] for record in either}) == len(either)
        and required <= kept <= either
    )


def _kept_as(record: bytes) -> bytes:
    digest, index = _taken_apart(record)
    return digest + (index & ~OPTIONAL).to_bytes(8)


def _taken_apart(record: bytes) -> tuple[bytes, int]:
    return record[:_DIGEST_BYTES], int.from_bytes(record[_DIGEST_BYTES:])


def _records(joined: bytes) -> list[bytes]:
    return [record for (record,) in iter_unpack(_RECORD, joined)]


def _by_bucket(kept: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Every bucket in order, with what is in it."""
    number = 0
    for at, joined in kept:
        yield from (b"" for _ in range(number, at))
        yield joined
        number = at + 1
    yield from (b"" for _ in range(number, _BUCKETS))


def _row(name_of: Callable[[bytes], str], digest: bytes) -> str:
    return f"ledger.unique_facts {name_of(digest)}"
