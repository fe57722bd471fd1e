"""Checkpoints one after the other, by the sizes that were signed."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Struct

from ledger.audit.findings import Findings
from ledger.cose import headers
from ledger.cose.cbor import decode
from ledger.cose.receipt import Receipt, encode_receipt, parse_receipt
from ledger.cose.sign1 import verify_sign1
from ledger.errors import LedgerError, Refuted
from ledger.limits import TREE_SIZE_MAX
from ledger.store.contract import CheckpointRow
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.tlog.hashing import HASH_BYTES
from ledger.verifier import Trust

__all__ = ["CheckpointChain", "HeadFound", "Heads", "check_head"]


class HeadFound(Struct, frozen=True):
    """What a checkpoint's signatures say, where they hold; else what its columns say. `signed`: whether one holds."""

    size: int
    previous: int | None
    root: bytes
    time: int
    signatures: int
    note: bytes = b""
    signed: bool = True


class Heads(Struct, frozen=True):
    """Sizes and times of all checkpoints, in the order of sizes, for looking up by which one an entry was first
    covered. Picklable."""

    sizes: array[int]
    times: array[int]
    gaps: tuple[tuple[int, int], ...] = ()  # entries [start, stop) whose checkpoint is missing: their time is not known

    def known(self, index: int) -> bool:
        """Whether the checkpoint that first covered the entry is there."""
        return not any(start <= index < stop for start, stop in self.gaps)

    def covering(self, index: int) -> int:
        """The place of the first checkpoint that covers the entry; the last one for entries that none covers."""
        return min(bisect_right(self.sizes, index), len(self.sizes) - 1)

    def time(self, index: int) -> int:
        return self.times[self.covering(index)]


class CheckpointChain:
    """Checkpoints one after the other: no gap, no fork, time never back. Kept: sizes, times, roots, 48 bytes of each.

    One of which no signature holds stands for a gap: neither its root nor the time of what it covers is known.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.sizes = array("q")
        self.times = array("q")
        self.roots = bytearray()
        self.gaps: list[tuple[int, int]] = []
        self.signatures = 0
        self.note = ""  # the newest checkpoint, as it is signed
        self._unsigned: set[int] = set()  # sizes

    def take(self, heads: Iterable[HeadFound]) -> None:
        """All of them, in any order."""
        found = _Gathered()
        for head in heads:
            found.put(head)
        self.signatures = found.signatures
        self.note = found.note.decode("utf-8", "replace")
        for head in found.by_size():
            self._next(head)

    def _next(self, head: HeadFound) -> None:
        before, time = (self.sizes[-1], self.times[-1]) if self.sizes else (0, 0)
        if head.size <= before:
            what = "twice" if head.size == before else f"after size {before}"
            self._findings.add("checkpoint.chain", what, size=head.size)
            if head.size == before and head.signed and head.root != self.root_at(before):
                self._findings.add("log.fork", "two roots were signed for this size", size=head.size)
            return
        if head.previous != before:
            self._findings.add(
                "checkpoint.chain", f"follows size {head.previous}, the one before is {before}", size=head.size
            )
            if before < (head.previous or 0) < head.size:
                self._gap(before, head.previous or 0)
        if not head.signed:
            self._unsigned.add(head.size)
            self._gap(before, head.size)
        elif head.time < time:
            self._findings.add("checkpoint.time", f"{head.time} after {time}", size=head.size)
        self.sizes.append(head.size)
        self.times.append(head.time if head.signed else time)
        self.roots += head.root if head.signed else bytes(HASH_BYTES)

    def _gap(self, start: int, stop: int) -> None:
        if self.gaps and self.gaps[-1][1] == start:
            start = self.gaps.pop()[0]
        self.gaps.append((start, stop))

    def root(self, place: int) -> bytes:
        return bytes(self.roots[place * HASH_BYTES : (place + 1) * HASH_BYTES])

    def root_at(self, size: int) -> bytes | None:
        """The signed root at a size, None where nothing was signed."""
        place = bisect_left(self.sizes, size)
        if place == len(self.sizes) or self.sizes[place] != size or size in self._unsigned:
            return None
        return self.root(place)

    def signed_sizes(self) -> Iterator[int]:
        """The sizes at which a root was signed, the smallest first."""
        return (size for size in self.sizes if size not in self._unsigned)

    def heads(self) -> Heads:
        return Heads(self.sizes, self.times, tuple(self.gaps))


class _Gathered:
    """What the checkpoints say, packed: rows of a table come in an order that nobody signed."""

    def __init__(self) -> None:
        self.signatures = 0
        self.note = b""  # of the largest that has one
        self._noted = -1
        self._sizes, self._previous, self._times = array("q"), array("q"), array("q")
        self._roots, self._signed = bytearray(), bytearray()

    def put(self, head: HeadFound) -> None:
        size = _packed(head.size)
        self.signatures += head.signatures
        if head.note and size > self._noted:
            self.note, self._noted = head.note, size
        self._sizes.append(size)
        self._previous.append(_packed(head.previous))
        self._times.append(_packed(head.time))
        self._signed.append(head.signed)
        self._roots += head.root if head.signed else bytes(HASH_BYTES)

    def by_size(self) -> Iterator[HeadFound]:
        order: Iterable[int] = range(len(self._sizes))
        if any(one > other for one, other in pairwise(self._sizes)):
            order = sorted(order, key=self._sizes.__getitem__)
        for place in order:
            previous = self._previous[place]
            root = bytes(self._roots[place * HASH_BYTES : (place + 1) * HASH_BYTES])
            signed = bool(self._signed[place])
            yield HeadFound(
                self._sizes[place], None if previous < 0 else previous, root, self._times[place], 0, b"", signed
            )


def _packed(number: int | None) -> int:
    """Of what is gone, -1; what nobody can mean is cut to what fits."""
    return -1 if number is None else min(max(number, -1), TREE_SIZE_MAX)


_ANY_PATH = [bytes(HASH_BYTES)]  # the shared signature is over the root: the path of a receipt is not signed


def check_head(row: CheckpointRow, trust: Trust, findings: Findings) -> HeadFound:
    """Check one checkpoint by itself. A row without a note (`b""`) is one that only receipts show."""
    note, receipt = _note(row, trust, findings), _receipt(row, trust, findings)
    if note is not None and receipt is not None and note.size != receipt.tree_size == row.tree_size:
        findings.add("checkpoint.note", f"it is that of size {note.size}", size=row.tree_size)
        note = None
    root = row.root if note is None else note.root
    size = note.size if note is not None else receipt.tree_size if receipt is not None else row.tree_size
    time = row.recorded_at if receipt is None else receipt.iat
    signed = note is not None
    if receipt is not None:
        try:
            key = trust.receipt_key(receipt.message.kid, receipt.tree_size)
            verify_sign1(receipt.message, key, detached_payload=root)
            signed = True
        except LedgerError as error:
            findings.add("checkpoint.receipt", str(error), size=size)
    if row.root != root:
        findings.add("checkpoint.columns", "root is not the one that was signed", size=size)
    if row.tree_size != size:
        findings.add("checkpoint.columns", f"tree_size is {row.tree_size}", size=size)
    if receipt is not None and receipt.tree_size != size:
        findings.add("checkpoint.receipt", f"the receipts' size is {receipt.tree_size}", size=size)
    if row.recorded_at != time:
        findings.add("checkpoint.columns", f"recorded_at is {row.recorded_at}, signed is {time}", size=size)
    signatures = 2 if note is not None else 1
    return HeadFound(size, row.previous_size, root, time, signatures, row.note if note else b"", signed)


def _note(row: CheckpointRow, trust: Trust, findings: Findings) -> VerifiedCheckpoint | None:
    if row.note == b"":
        return None
    try:
        if row.note is None:
            raise Refuted("there is no note")
        return open_checkpoint(row.note, *trust.vkeys_of(row.note), origin=trust.origin)
    except LedgerError as error:
        findings.add("checkpoint.note", str(error), size=row.tree_size)
        return None


def _receipt(row: CheckpointRow, trust: Trust, findings: Findings) -> Receipt | None:
    if row.receipt_protected == b"" and row.note != b"":
        return None  # a published source whose newest checkpoint has no receipt
    try:
        if row.receipt_protected is None or row.receipt_signature is None:
            raise Refuted(f"none from entry {row.previous_size} up to size {row.tree_size}, or none that can be read")
        size = _size_in(row)
        receipt = parse_receipt(encode_receipt(row.receipt_protected, row.receipt_signature, size, 0, _ANY_PATH))
        if receipt.origin != trust.origin:
            raise Refuted("the receipts are not of this log")
        trust.receipt_key(receipt.message.kid, receipt.tree_size)
        return receipt
    except LedgerError as error:
        findings.add("checkpoint.receipt", str(error), size=row.tree_size)
        return None


def _size_in(row: CheckpointRow) -> int:
    """The size that the protected header says: the proof's must be the same for it to be parsed."""
    protected = decode(row.receipt_protected)
    size = protected.get(headers.TREE_SIZE) if isinstance(protected, dict) else None
    if not isinstance(size, int) or size < 2:
        raise Refuted("the receipts' header says no size")
    return size
