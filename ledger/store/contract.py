"""What the sequencer and the feed ask of a store, and the rows that pass between them.

Implemented by `postgres.py` (the real one) and `memory.py` (the twin); one contract suite runs on both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from msgspec import Struct

from ledger.store.access_log import Accesses
from ledger.store.annexes import Annexes, NamedAnnex
from ledger.store.attachments import AttachmentStore
from ledger.store.cosignatures import Cosignatures
from ledger.store.upload_owners import NOBODY, Owner

__all__ = ["Batch", "CheckpointRow", "EntryRow", "Fact", "LeafRow", "NewEntry", "Store", "Tile"]


class Fact(NamedTuple):
    """Something that is true of one entry only, across all streams (`cti`, `pledge_code`, `body`, …)."""

    kind: str
    key: str


class LeafRow(Struct, frozen=True, gc=False):
    """The leaf at `index`: whose stream it is in, and its hash."""

    index: int
    subject: str
    leaf_hash: bytes


class NewEntry(Struct, frozen=True):
    """One entry to be written. `version` is its number in the subject's stream, from 1."""

    subject: str
    version: int
    topic: str
    statement: bytes
    leaf_hash: bytes
    facts: tuple[Fact, ...] = ()
    commitment: bytes | None = None  # of a sealed statement's body
    body: bytes | None = None  # with the commitment: goes into the vault in the same transaction
    body_public: bool = False  # whether the rules may ever let it be shown
    annexes: tuple[NamedAnnex, ...] = ()  # held before, or of earlier entries: kept in the same transaction


class EntryRow(Struct, frozen=True):
    """One entry as stored; `body` is what the vault holds for it, None if open, closed or erased."""

    index: int
    subject: str
    version: int
    topic: str
    statement: bytes
    recorded_at: int
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 hashes of 32 bytes at `level` (C2SP tlog-tiles), number `number` from the left."""

    level: int
    number: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A tree head and its two signatures. `recorded_at` in Unix seconds, never decreasing.

    `note` is the C2SP checkpoint with its signature line; `receipt_protected` and `receipt_signature`
    are the protected header bytes and signature that every receipt of this checkpoint shares.
    """

    tree_size: int
    previous_size: int
    root: bytes
    recorded_at: int
    note: bytes
    receipt_protected: bytes
    receipt_signature: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one commit makes durable, or nothing of it. Entries start at `previous_size`."""

    entries: Sequence[NewEntry]
    checkpoint: CheckpointRow
    tiles: Sequence[Tile] = field(default=())
    erased: Sequence[int] = field(default=())  # indices of entries whose bodies this commit destroys
    taken_down: Sequence[bytes] = field(default=())  # digests of annexes whose content this commit destroys


class Store(Protocol):
    """The book at rest. Every method may raise `Unavailable`; reads see committed state only."""

    annexes: Annexes
    cosignatures: Cosignatures
    attachments: AttachmentStore
    accesses: Accesses

    def append(self, batch: Batch) -> None:
        """Write the batch in one durable transaction.

        Raises `Raced` when a position, a stream version or a unique fact is taken, `Corrupted` when a statement does
        not hash to its leaf (nothing was written),
        `Unavailable` when the connection was lost: then it is not known whether the batch was written.
        """

    def settle(self) -> None:
        """Return when all that can be read now is as durable as what `append` wrote. Raises `Unavailable`.

        After a lost connection or a restart a commit may be seen that no standby has yet.
        """

    def latest(self) -> CheckpointRow | None:
        """The newest checkpoint, None for an empty log."""

    def checkpoint_covering(self, index: int) -> CheckpointRow | None:
        """The first checkpoint whose tree_size is greater than `index`."""

    def checkpoints_covering(self, indices: Sequence[int]) -> Mapping[int, CheckpointRow]:
        """For each of these entries the first checkpoint that covers it, in one round trip; others are left out."""

    def checkpoint_at(self, tree_size: int) -> CheckpointRow | None:
        """The checkpoint of exactly this size, if one was signed."""

    def entries(self, start: int, limit: int) -> Sequence[EntryRow]:
        """Entries with index in [start, start + limit), in order, with bodies."""

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        """The entries at these indices, with bodies, in one round trip; unknown ones are left out."""

    def governing_entries(self, after_index: int = -1) -> Sequence[EntryRow]:
        """Entries of party, policy, campaign and access streams with index > `after_index`, in log order."""

    def stream(
        self, subject: str, *, after_version: int = 0, tree_size: int | None = None, limit: int | None = None
    ) -> Sequence[EntryRow]:
        """The subject's entries with version > `after_version` and index < `tree_size`, in order: the first `limit`."""

    def stream_indices(self, subject: str, *, after_index: int = -1, limit: int) -> Sequence[int]:
        """The leaf indices of the subject's entries with index > `after_index`, in order: the first `limit`."""

    def streams(self, subjects: Sequence[str], *, version_max: int | None = None) -> Mapping[str, Sequence[EntryRow]]:
        """The streams of several subjects up to `version_max`, in one round trip; unknown subjects are left out."""

    def facts(self, facts: Sequence[Fact]) -> Mapping[Fact, int]:
        """Which of these facts are taken, and by which entry index."""

    def statements(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        """The statements at these indices."""

    def index_of_statement(self, leaf_hash: bytes) -> int | None:
        """The leaf index of the entry with this leaf hash."""

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaf hashes of entries with index in [start, stop)."""

    def leaves(self, start: int, stop: int) -> Sequence[LeafRow]:
        """Leaves with index in [start, stop), in order."""

    def tiles(self, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """Of these tiles, by level and number, the full ones (8,192 bytes each), in one round trip."""

    def hold_body(self, commitment: bytes, body: bytes, now: int, owner: Owner = NOBODY) -> None:
        """Keep an uploaded body for `BODY_HOLD_SECONDS`.

        Raises `Busy` past the owner's quota, or the room of its kind (`BODIES_HELD_BYTES_MAX`).
        """

    def held_bodies(self, commitments: Sequence[bytes], now: int) -> Mapping[bytes, bytes]:
        """Those of the bodies that are held and not expired."""

    def body(self, index: int) -> tuple[bytes, bool] | None:
        """The vault's body of an entry and whether it may ever be public; None if closed or erased."""

    def erase_body(self, index: int) -> None:
        """Destroy the vault's body of an entry, for good; once destroyed, the same again is no error."""

    def erase_commitments(self, commitments: Sequence[bytes]) -> int:
        """Destroy these bodies wherever they lie: vault, uploads, desk; how many were in the vault."""

    def erasures(self, after_index: int = -1) -> Sequence[EntryRow]:
        """The entries that erase a body or attachment, or take down an annex, with index > `after_index`, in log
        order, without bodies."""

    def attachments_added(self, subject: str) -> Sequence[EntryRow]:
        """The entries of a stream that add an attachment, in order."""

    def wait_for(self, size: int, timeout: float) -> int:
        """Wait until the newest checkpoint covers `size` entries, at most `timeout` seconds; its tree size."""
