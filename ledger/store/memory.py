"""The store's twin in memory: for tests, experiments and simulations. It keeps every promise but durability."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, Self

from msgspec.structs import replace

from ledger.domain.values.subject import is_governing
from ledger.errors import Corrupted, Misconfigured, Raced
from ledger.limits import BODIES_HELD_BYTES_MAX, BODIES_HELD_OF_ONE_BYTES_MAX, BODY_HOLD_SECONDS
from ledger.store.access_log import Accesses, MemoryAccesses
from ledger.store.annexes import Annexes, MemoryAnnexes
from ledger.store.append_parameters import append_params
from ledger.store.attachments import AttachmentStore, MemoryAttachments
from ledger.store.contract import Batch, CheckpointRow, EntryRow, Fact, LeafRow
from ledger.store.cosignatures import Cosignatures, MemoryCosignatures
from ledger.store.memory_desk import MemoryDesk
from ledger.store.memory_recorder import MemoryRecorder
from ledger.store.upload_owners import NOBODY, Owner, full
from ledger.tlog.hashing import leaf_hash

__all__ = ["MemoryStore"]

_ERASING: Final = ("BodyErased", "AttachmentErased", "AnnexTakenDown")


class MemoryStore:
    """`Store` in memory. Thread-safe: each method sees, or makes, one whole state."""

    def __init__(
        self,
        *,
        held_bytes_max: int = BODIES_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = BODIES_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self.desk = MemoryDesk()
        self._annexes = MemoryAnnexes()
        self.annexes: Annexes = self._annexes
        self.cosignatures: Cosignatures = MemoryCosignatures()
        self.attachments: AttachmentStore = MemoryAttachments(lambda id_: Fact("attachment", id_.hex()) in self._facts)
        self.accesses: Accesses = MemoryAccesses()
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max
        self._grown = threading.Condition()  # its lock guards all that follows
        self._rows: list[EntryRow] = []  # without bodies
        self._leaf_hashes: list[bytes] = []
        self._index_of: dict[bytes, int] = {}
        self._streams: dict[str, list[int]] = defaultdict(list)
        self._facts: dict[Fact, int] = {}
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._checkpoints: list[CheckpointRow] = []
        self._vault: dict[int, tuple[bytes, bytes | None, bool]] = {}  # commitment, body, public
        self._held: dict[bytes, tuple[bytes, int, Owner]] = {}  # body, held_at, whose

    @cached_property
    def recorder(self) -> MemoryRecorder:
        """The same book for the eventsourcing library."""
        return MemoryRecorder(self)

    def append(self, batch: Batch) -> None:
        append_params(batch)  # refuses what does not belong together
        with self._grown:
            self._check(batch)
            self._write(batch)
            self._grown.notify_all()
        self.recorder.announce()

    def _check(self, batch: Batch) -> None:
        """Raise `Raced` or `Corrupted` before anything is written."""
        if batch.checkpoint.previous_size != len(self._rows):
            raise Raced(f"the tree has {len(self._rows)} leaves")
        if any(leaf_hash(entry.statement) != entry.leaf_hash for entry in batch.entries):
            raise Corrupted("the table refuses it: a statement does not hash to its leaf")
        versions = {subject: len(stream) for subject, stream in self._streams.items()}
        facts = set(self._facts)
        for entry in batch.entries:
            if entry.version <= versions.get(entry.subject, 0):
                raise Raced(f"version {entry.version} of {entry.subject} is taken")
            versions[entry.subject] = entry.version
            for fact in entry.facts:
                if fact in facts:
                    raise Raced(f"{fact} is taken")
                facts.add(fact)
        if any((tile.level, tile.number) in self._tiles for tile in batch.tiles):
            raise Raced("a tile is there already")
        if any(self._annexes.missing(entry.annexes) for entry in batch.entries):
            raise Misconfigured("an entry names an annex that is not here")

    def _write(self, batch: Batch) -> None:
        recorded_at = batch.checkpoint.recorded_at
        for index, entry in enumerate(batch.entries, len(self._rows)):
            row = EntryRow(index, entry.subject, entry.version, entry.topic, entry.statement, recorded_at)
            self._rows.append(row)
            self._leaf_hashes.append(entry.leaf_hash)
            self._index_of.setdefault(entry.leaf_hash, index)
            self._streams[entry.subject].append(index)
            self._facts.update(dict.fromkeys(entry.facts, index))
            self._annexes.keep(entry.annexes)
            if entry.commitment is not None and entry.body is not None:
                self._vault[index] = (entry.commitment, entry.body, entry.body_public)
                self._held.pop(entry.commitment, None)
        for index in batch.erased:
            self._erase(index)
        self._annexes.take_down(batch.taken_down)
        self._tiles.update({(tile.level, tile.number): tile.hashes for tile in batch.tiles})
        self._checkpoints.append(batch.checkpoint)

    def settle(self) -> None:
        pass  # nothing here outlives the process

    def latest(self) -> CheckpointRow | None:
        with self._grown:
            return self._checkpoints[-1] if self._checkpoints else None

    def checkpoint_covering(self, index: int) -> CheckpointRow | None:
        with self._grown:
            return next((row for row in self._checkpoints if row.tree_size > index), None)

    def checkpoints_covering(self, indices: Sequence[int]) -> Mapping[int, CheckpointRow]:
        found = {index: self.checkpoint_covering(index) for index in indices}
        return {index: row for index, row in found.items() if row is not None}

    def checkpoint_at(self, tree_size: int) -> CheckpointRow | None:
        with self._grown:
            return next((row for row in self._checkpoints if row.tree_size == tree_size), None)

    def wait_for(self, size: int, timeout: float) -> int:
        with self._grown:
            self._grown.wait_for(lambda: len(self._rows) >= size, timeout)
            return len(self._rows)

    def _with_body(self, row: EntryRow) -> EntryRow:
        kept = self._vault.get(row.index)
        return row if kept is None else replace(row, body=kept[1])

    def entries(self, start: int, limit: int) -> Sequence[EntryRow]:
        with self._grown:
            return [self._with_body(row) for row in self._rows[start : start + limit]]

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        with self._grown:
            return {index: self._with_body(self._rows[index]) for index in indices if 0 <= index < len(self._rows)}

    def copy_entries(self, start: int, stop: int) -> Iterator[list[EntryRow]]:
        """Entries with index in [start, stop), in one list."""
        if rows := list(self.entries(start, max(0, stop - start))):
            yield rows

    def governing_entries(self, after_index: int = -1) -> Sequence[EntryRow]:
        with self._grown:
            return [self._with_body(row) for row in self._rows[after_index + 1 :] if is_governing(row.subject)]

    def erasures(self, after_index: int = -1) -> Sequence[EntryRow]:
        with self._grown:
            return [row for row in self._rows[after_index + 1 :] if row.topic in _ERASING]

    def attachments_added(self, subject: str) -> Sequence[EntryRow]:
        return [row for row in self.stream(subject) if row.topic == "AttachmentAdded"]

    def stream(
        self, subject: str, *, after_version: int = 0, tree_size: int | None = None, limit: int | None = None
    ) -> Sequence[EntryRow]:
        with self._grown:
            size = len(self._rows) if tree_size is None else tree_size
            rows = [self._rows[index] for index in self._streams.get(subject, ()) if index < size]
            return [self._with_body(row) for row in rows if row.version > after_version][:limit]

    def stream_indices(self, subject: str, *, after_index: int = -1, limit: int) -> Sequence[int]:
        with self._grown:
            return [index for index in self._streams.get(subject, ()) if index > after_index][:limit]

    def streams(self, subjects: Sequence[str], *, version_max: int | None = None) -> Mapping[str, Sequence[EntryRow]]:
        with self._grown:
            return {subject: self.stream(subject)[:version_max] for subject in subjects if subject in self._streams}

    def facts(self, facts: Sequence[Fact]) -> Mapping[Fact, int]:
        with self._grown:
            return {fact: self._facts[fact] for fact in facts if fact in self._facts}

    def statements(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        with self._grown:
            return {index: self._rows[index].statement for index in indices if 0 <= index < len(self._rows)}

    def index_of_statement(self, leaf_hash: bytes) -> int | None:
        with self._grown:
            return self._index_of.get(leaf_hash)

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        with self._grown:
            return self._leaf_hashes[start:stop]

    def leaves(self, start: int, stop: int) -> Sequence[LeafRow]:
        with self._grown:
            rows = zip(self._rows[start:stop], self._leaf_hashes[start:stop], strict=True)
            return [LeafRow(row.index, row.subject, leaf_hash) for row, leaf_hash in rows]

    def tiles(self, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        with self._grown:
            return {tile: self._tiles[tile] for tile in wanted if tile in self._tiles}

    def hold_body(self, commitment: bytes, body: bytes, now: int, owner: Owner = NOBODY) -> None:
        with self._grown:
            oldest = now - BODY_HOLD_SECONDS
            self._held = {key: held for key, held in self._held.items() if held[1] > oldest}
            own = sum(len(held) for held, _, of in self._held.values() if of == owner) + len(body)
            held = sum(len(held) for held, _, of in self._held.values() if of.kind == owner.kind) + len(body)
            if own > self._held_of_one_bytes_max or held > self._held_bytes_max:
                of_one = own > self._held_of_one_bytes_max
                raise full("bodies without a statement", owner, own=of_one, retry_after_seconds=60)
            self._held[commitment] = (body, now, owner)

    def held_bodies(self, commitments: Sequence[bytes], now: int) -> Mapping[bytes, bytes]:
        with self._grown:
            held = {commitment: self._held[commitment] for commitment in commitments if commitment in self._held}
            return {key: body for key, (body, held_at, _) in held.items() if held_at > now - BODY_HOLD_SECONDS}

    def body(self, index: int) -> tuple[bytes, bool] | None:
        with self._grown:
            _, body, public = self._vault.get(index, (b"", None, False))
            return None if body is None else (body, public)

    def erase_body(self, index: int) -> None:
        with self._grown:
            self._erase(index)

    def erase_commitments(self, commitments: Sequence[bytes]) -> int:
        with self._grown:
            known = [index for index, (one, body, _) in self._vault.items() if one in commitments and body is not None]
            for index in known:
                self._erase(index)
            for commitment in commitments:
                self._held.pop(commitment, None)
        self.desk.remove_bodies(commitments)
        return len(known)

    def _erase(self, index: int) -> None:
        if index in self._vault:
            commitment, _, public = self._vault[index]
            self._vault[index] = (commitment, None, public)
            self._held.pop(commitment, None)

    def close(self) -> None:
        """Nothing to let go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
