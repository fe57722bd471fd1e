"""A log on paper for witnesses: entries, signed checkpoints at any size, consistency proofs, and forks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.witness import AddCheckpoint, Witness, WitnessState, format_request, parse_known_logs
from tests.support.naive_tree import mth, proof
from tests.support.witnesses import cosigner
from tests.unit.ledger.tlog.trees import entries

NOW = 1_770_000_000


@dataclass(frozen=True)
class Log:
    """`key` signs for `origin`; two of these under one key are a fork."""

    key: NoteSigner
    entries: Sequence[bytes]

    @property
    def origin(self) -> str:
        return self.key.key.name

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, mth(self.entries[:size]))

    def note(self, size: int) -> bytes:
        return sign_checkpoint(self.head(size), self.key)

    def request(self, old: int, size: int) -> bytes:
        """A request as an honest log makes it."""
        hashes = proof(old, self.entries[:size]) if 0 < old < size else []
        return format_request(AddCheckpoint(old, tuple(hashes), self.note(size)))

    def fork(self, at: int) -> Log:
        """The same log, with another history from entry `at` on."""
        return Log(self.key, [*self.entries[:at], *(b"forged " + entry for entry in self.entries[at:])])


def a_log(origin: str = "log.example/one", count: int = 40, seed: int = 1) -> Log:
    return Log(NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)), entries(count))


def a_witness(state: WitnessState, *logs: Log, clock: int = NOW) -> Witness:
    known = parse_known_logs(*(f"log {log.key.key.format()}\n".encode() for log in logs))
    return Witness([cosigner("w")], known, state, lambda: clock)
