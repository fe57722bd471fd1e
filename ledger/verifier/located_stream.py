"""A stream of a bundle, every receipt of which holds: what is kept of it is little, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.cose.receipt import VerifiedReceipt, detach
from ledger.cose.statement import parse_statement
from ledger.tlog.hashing import leaf_hash
from ledger.verifier.bundle import Shown, StreamShown
from ledger.verifier.located import Located, Roots, locate
from ledger.verifier.trust import Trust

__all__ = ["LocatedStream"]


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
