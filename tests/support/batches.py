"""Batches for tests of the store: what they hold is arbitrary, that it fits together is not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from ledger.store.contract import Batch, CheckpointRow, Fact, NewEntry, Tile

__all__ = ["a_batch", "a_checkpoint", "an_entry", "sealed"]

NOW = 1_800_000_000


def an_entry(
    subject: str = "local:test/1", version: int = 1, *, facts: Sequence[Fact] = (), text: str = ""
) -> NewEntry:
    """An entry whose statement is any bytes; different for each subject, version and text."""
    statement = f"{subject}#{version}{text}".encode()
    return NewEntry(subject, version, "PledgeMade", statement, _sha256(b"\0" + statement), tuple(facts))


def sealed(entry: NewEntry, body: bytes, *, public: bool = True) -> NewEntry:
    """The entry with a body for the vault."""
    return replace(entry, topic="sealed", commitment=_sha256(body), body=body, body_public=public)


def a_checkpoint(tree_size: int, previous_size: int, recorded_at: int = NOW) -> CheckpointRow:
    return CheckpointRow(
        tree_size=tree_size,
        previous_size=previous_size,
        root=_sha256(b"root%d" % tree_size),
        recorded_at=recorded_at,
        note=b"note %d" % tree_size,
        receipt_protected=b"protected %d" % tree_size,
        receipt_signature=b"signature %d" % tree_size,
    )


def a_batch(previous_size: int, entries: Sequence[NewEntry], tiles: Sequence[Tile] = ()) -> Batch:
    return Batch(tuple(entries), a_checkpoint(previous_size + len(entries), previous_size), tuple(tiles))


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
