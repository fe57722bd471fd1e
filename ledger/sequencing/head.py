"""What the writer holds in memory: the tree's edge, who may say what, and the folded records of enterprises.

All of it derives from the store. It is advanced by what this process commits and by the tail that another
process wrote, and loaded again from nothing after any doubt. Values are immutable: a decision that comes to
nothing is forgotten by dropping the values it made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from ledger.domain.events.base import Recorded
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import is_governing
from ledger.errors import Refuted
from ledger.keys.keyring import Keyring
from ledger.limits import COLD_EVENTS_MAX, RECORDS_CACHED_EVENTS_MAX
from ledger.reading.feed import to_recorded
from ledger.reading.log_reader import Log
from ledger.store.contract import CheckpointRow, Fact, Store
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tree import Edge

__all__ = ["ColdStreams", "LogHead"]

_TAIL_ENTRIES: Final = 1_000


class ColdStreams(Exception):
    """The records of these subjects are not in memory, and their streams too long to be folded in passing."""

    def __init__(self, subjects: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(subjects)))
        self.subjects = subjects


class LogHead:
    """One state of the log: everything at `size` entries. Used by the sequencer's thread alone.

    `governance` and `checkpoint` may be read from other threads: they are replaced whole, never changed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records: OrderedDict[str, tuple[EnterpriseRecord, int]] = OrderedDict()
        self._events = 0  # folded into the records that are kept
        self._versions: dict[str, int] = {}  # of governing streams
        self.edge = Edge.empty()
        self.governance = Governance.empty()
        self.keyring = Keyring(self.governance)
        self.checkpoint: CheckpointRow | None = None
        self.lasting: dict[Fact, int] = {}  # of those that every further entry would say again: known to be stored

    @property
    def size(self) -> int:
        return self.edge.size

    @property
    def recorded_at(self) -> int:
        """Unix seconds of the newest checkpoint, 0 for an empty log: no later one may be earlier."""
        return 0 if self.checkpoint is None else self.checkpoint.recorded_at

    def load(self) -> None:
        """Forget everything and read it again from the store.

        Raises `Refuted` where the stored tree does not hash to the newest checkpoint, `Unavailable`.
        """
        self._records.clear()
        self.lasting.clear()
        self._events = 0
        newest = self._store.latest()
        if newest is None:
            self.edge, self.checkpoint, self._versions = Edge.empty(), None, {}
            self._govern(Governance.empty(), ())
            return
        edge = Edge.load(newest.tree_size, Log(self._store).tile)
        if edge.root() != newest.root:
            raise Refuted(f"the tiles at {newest.tree_size} entries do not hash to the checkpoint's root")
        governing = [to_recorded(row) for row in self._store.governing_entries()]
        governing = [event for event in governing if event.index < newest.tree_size]
        self._versions = {event.subject: event.version for event in governing}
        self.edge, self.checkpoint = edge, newest
        self._govern(Governance.empty(), governing)

    def catch_up(self) -> None:
        """Take in what another writer committed since. Raises `Refuted` where the tail does not fit."""
        newest = self._store.latest()
        if newest is None and self.edge.size:
            raise Refuted(f"the store is empty, after {self.edge.size} entries")
        while newest is not None and self.edge.size < newest.tree_size:
            rows = self._store.entries(self.edge.size, min(_TAIL_ENTRIES, newest.tree_size - self.edge.size))
            growth = self.edge.grow([leaf_hash(row.statement) for row in rows])
            events = [to_recorded(row) for row in rows]
            for event in events:
                self._advance(event)
            self.edge = growth.edge
            self._govern(self.governance, [event for event in events if is_governing(event.subject)])
        if newest is not None:
            if self.edge.root() != newest.root:
                raise Refuted(f"the entries up to {newest.tree_size} do not hash to the checkpoint's root")
            self.checkpoint = newest

    def records(self, subjects: Iterable[str]) -> dict[str, tuple[EnterpriseRecord | None, int]]:
        """For each enterprise: its folded record (None: unknown) and the version of its newest event.

        Raises `ColdStreams` for those that `take_in` should be given first.
        """
        found: dict[str, tuple[EnterpriseRecord | None, int]] = {}
        missing: list[str] = []
        for subject in subjects:
            if subject in self._records:
                self._records.move_to_end(subject)
                found[subject] = self._records[subject]
            else:
                missing.append(subject)
        if missing:
            streams = self._store.streams(missing, version_max=COLD_EVENTS_MAX + 1)
            cold = frozenset(subject for subject, rows in streams.items() if len(rows) > COLD_EVENTS_MAX)
            if cold:
                raise ColdStreams(cold)
            for subject in missing:
                rows = [row for row in streams.get(subject, ()) if row.index < self.size]
                record = fold(None, (to_recorded(row) for row in rows))
                found[subject] = (record, len(rows))
                if record is not None:
                    self._keep(subject, record, len(rows))
        return found

    def take_in(self, subject: str, record: EnterpriseRecord, version: int) -> None:
        """Keep a record that was folded elsewhere up to `version`, with what its stream got since."""
        rows = self._store.stream(subject, after_version=version, tree_size=self.size)
        record = fold(record, (to_recorded(row) for row in rows)) or record
        self._keep(subject, record, version + len(rows))

    def version(self, subject: str) -> int:
        """The version of the newest event of a governing stream, 0 where there is none."""
        return self._versions.get(subject, 0)

    def adopt(
        self,
        edge: Edge,
        checkpoint: CheckpointRow,
        governance: Governance,
        keyring: Keyring,
        records: Mapping[str, tuple[EnterpriseRecord, int]],
        versions: Mapping[str, int],
    ) -> None:
        """Move to the state that a durable commit of our own made true."""
        self.edge, self.checkpoint = edge, checkpoint
        self.governance, self.keyring = governance, keyring
        self._versions.update(versions)
        for subject, (record, version) in records.items():
            self._keep(subject, record, version)

    def _advance(self, event: Recorded) -> None:
        if is_governing(event.subject):
            self._versions[event.subject] = event.version
        elif event.subject in self._records:
            known, version = self._records[event.subject]
            if version < event.version:  # a record that was taken in may be ahead of the head
                self._keep(event.subject, fold(known, (event,)) or known, event.version)

    def _keep(self, subject: str, record: EnterpriseRecord, version: int) -> None:
        self._events += version - self._records.get(subject, (None, 0))[1]
        self._records[subject] = (record, version)
        self._records.move_to_end(subject)
        while self._events > RECORDS_CACHED_EVENTS_MAX and len(self._records) > 1:
            self._events -= self._records.popitem(last=False)[1][1]

    def _govern(self, governance: Governance, events: Iterable[Recorded]) -> None:
        for event in events:
            governance = evolve_governance(governance, event)
        self.governance = governance
        self.keyring = Keyring(governance)
