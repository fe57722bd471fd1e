"""Where a statement is: its receipts, and whether all trees that one run of the verifier meets can be one log's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ledger.cose.receipt import VerifiedReceipt, detach, parse_receipt, verify_receipt
from ledger.cose.statement import Statement, parse_statement
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.errors import Refuted
from ledger.tlog.hashing import leaf_hash
from ledger.verifier.formats.bundle import Shown, StreamShown
from ledger.verifier.trust import Trust

__all__ = ["Located", "LocatedStream", "Roots", "check_order", "locate"]


@dataclass(frozen=True, slots=True)
class Located:
    """A statement that is in the log, at `receipt.index`; its own signature is not verified yet."""

    statement: Statement
    receipt: VerifiedReceipt

    @property
    def index(self) -> int:
        return self.receipt.index

    def recorded(self, event: Event | Closed, version: int) -> Recorded:
        """What it says, at its place; `version`: its number among those of its stream that are shown, from 1."""
        return self.statement.recorded(event, index=self.index, version=version, recorded_at=self.receipt.iat)


@dataclass(slots=True)
class Roots:
    """The tree heads that receipts have shown so far. A log has one root per size, and its time never goes back."""

    seen: dict[int, VerifiedReceipt] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)  # of those seen, in order

    def take(self, receipt: VerifiedReceipt) -> None:
        """Remember a head. Raises `Refuted` where it cannot belong to the same log as those before."""
        place = bisect_left(self._sizes, receipt.tree_size)
        if receipt.tree_size not in self.seen:
            self.seen[receipt.tree_size] = receipt
            self._sizes.insert(place, receipt.tree_size)
        elif self.seen[receipt.tree_size].root != receipt.root:
            raise Refuted(f"the log signed two different trees of {receipt.tree_size} entries")
        # Those seen are in order already: what stands between its neighbours stands right among all of them.
        for size in self._sizes[max(place - 1, 0) : place + 2]:
            other = self.seen[size]
            if (other.tree_size - receipt.tree_size) * (other.iat - receipt.iat) < 0:
                raise Refuted(
                    f"the log's time goes back between its trees of {other.tree_size} and {receipt.tree_size} entries"
                )


def locate(transparent: bytes, trust: Trust, roots: Roots) -> Located:
    """Take apart a transparent statement and verify every receipt on it; the one of the smallest tree counts.

    Raises `Malformed`, `Refuted` (a receipt that does not hold, another log), `Uncheckable` (a receipt key that
    the trust file does not have). Without a receipt there is nothing to return.
    """
    data, receipts = detach(transparent)
    statement = parse_statement(data)
    if statement.audience != trust.origin:
        raise Refuted(f"the statement is meant for the log {statement.audience!r:.80}, not for {trust.origin!r:.80}")
    shown = [_verify(receipt, data, trust) for receipt in receipts]
    for receipt in shown:
        roots.take(receipt)
    if len({receipt.index for receipt in shown}) != 1:
        raise Refuted("the receipts place the statement at different positions")
    return Located(statement, min(shown, key=lambda receipt: receipt.tree_size))


def _verify(receipt: bytes, statement: bytes, trust: Trust) -> VerifiedReceipt:
    parsed = parse_receipt(receipt)
    key = trust.receipt_key(parsed.message.kid, parsed.tree_size)
    return verify_receipt(parsed, statement, key, trust.origin)


def check_order(entries: Sequence[Located]) -> None:
    """Raises `Refuted` unless the entries stand in the order of the log, each once."""
    for before, after in pairwise(entries):
        if before.index >= after.index:
            raise Refuted(f"entry {after.index} stands after entry {before.index} in the evidence")


@dataclass(frozen=True, slots=True)
class LocatedStream:
    """By entry: where it is, and its hash in the log (32 bytes). Of all: whom they are about, who says them.

    The statements stay in the file, and are taken out again by whoever goes through them.
    """

    shown: StreamShown
    receipts: tuple[VerifiedReceipt, ...]
    leaves: tuple[bytes, ...]
    subjects: frozenset[str]
    issuers: frozenset[str]

    @classmethod
    def of(cls, shown: StreamShown, trust: Trust, roots: Roots) -> LocatedStream:
        """Locate every entry. Raises `Malformed`, `Refuted`, `Uncheckable` (`locate`)."""
        receipts: list[VerifiedReceipt] = []
        leaves: list[bytes] = []
        subjects: set[str] = set()
        issuers: set[str] = set()
        for entry in shown.entries:
            found = locate(entry.transparent, trust, roots)
            receipts.append(found.receipt)
            leaves.append(leaf_hash(found.statement.raw))
            subjects.add(found.statement.subject)
            issuers.add(found.statement.issuer)
        return cls(shown, tuple(receipts), tuple(leaves), frozenset(subjects), frozenset(issuers))

    def __len__(self) -> int:
        return len(self.receipts)

    def __iter__(self) -> Iterator[tuple[Located, bytes | None]]:
        """Each entry again, with its body where one is shown."""
        for entry, receipt in zip(self.shown.entries, self.receipts, strict=True):
            yield _again(entry, receipt), entry.body


def _again(entry: Shown, receipt: VerifiedReceipt) -> Located:
    """What was located before, in the same bytes."""
    return Located(parse_statement(detach(entry.transparent)[0]), receipt)
