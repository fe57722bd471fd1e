"""What was fetched for an archive: each statement once, many at a time, and none that its bundle holds already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from api.evidence.evidence_source import EvidenceSource
from ledger.cose.receipt import detach, parse_receipt
from ledger.cose.statement import Statement, parse_statement
from ledger.limits import PROOFS_READ_MAX
from ledger.verifier.formats.bundle import parse_bundle
from ledger.verifier.formats.manifest import Why

__all__ = ["Fetched", "FetchedStatement", "parts"]


class FetchedStatement(NamedTuple):
    """A transparent statement, what it is when taken apart, and when it was recorded (Unix seconds)."""

    transparent: bytes
    statement: Statement
    recorded_at: int


class Fetched:
    """Statements and bodies by index. `tell` hears how many statements there are."""

    def __init__(self, source: EvidenceSource, tell: Callable[[int], None]) -> None:
        self._source = source
        self._tell = tell
        self._statements: dict[int, FetchedStatement] = {}
        self._bodies: dict[int, bytes] = {}

    def take_bundle(self, bundle: bytes) -> None:
        """Take statements and public bodies out of a completeness bundle. Raises `Malformed`."""
        for stream in parse_bundle(bundle).streams:
            for entry in stream.entries:
                index = self._take(entry.transparent)
                if entry.body is not None:
                    self._bodies[index] = entry.body
        self._tell(len(self._statements))

    def load(self, indices: Iterable[int]) -> None:
        """Fetch what is not there yet."""
        for part in parts([index for index in dict.fromkeys(indices) if index not in self._statements]):
            for transparent in self._source.statements(part):
                self._take(transparent)
            self._tell(len(self._statements))

    def __getitem__(self, index: int) -> FetchedStatement:
        """One that is there already, or is fetched by itself."""
        if index not in self._statements:
            self.load([index])
        return self._statements[index]

    def bodies(self, indices: Sequence[int]) -> Mapping[int, bytes | Why]:
        """The bodies of so many entries, or why they are left out."""
        known: dict[int, bytes | Why] = {index: self._bodies[index] for index in indices if index in self._bodies}
        return {**known, **self._source.bodies([index for index in indices if index not in known])}

    def _take(self, transparent: bytes) -> int:
        data, receipts = detach(transparent)
        receipt = parse_receipt(receipts[0])
        self._statements[receipt.index] = FetchedStatement(transparent, parse_statement(data), receipt.iat)
        return receipt.index


def parts(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many as are asked for at once."""
    for start in range(0, len(indices), PROOFS_READ_MAX):
        yield indices[start : start + PROOFS_READ_MAX]
