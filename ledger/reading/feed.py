"""The read side's only door: registered events in log order, or of one subject, decoded and with their bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ledger.domain.events.base import Recorded
from ledger.domain.state.completeness_map import MapRoot, evolve_map
from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import MAP
from ledger.limits import RECORD_PAGE_ENTRIES
from ledger.store.contract import EntryRow, LeafRow, Store
from ledger.store.statement_mapper import to_recorded

__all__ = ["Feed", "to_recorded"]


class Feed:
    """Reads committed entries only. Every method may raise `Unavailable`."""

    def __init__(self, store: Store, decode: Callable[[EntryRow], Recorded] = to_recorded) -> None:
        """`decode`: for readers who need less of an entry than there is (`projections/db/entry_content.py`)."""
        self._store = store
        self._decode = decode

    def read(self, after_index: int, limit: int) -> list[Recorded]:
        """Up to `limit` events with index > `after_index` (-1: from the start), in log order."""
        return [self._decode(row) for row in self._store.entries(after_index + 1, limit)]

    def subject(self, subject: str, *, after_version: int = 0, tree_size: int | None = None) -> list[Recorded]:
        """One subject's events with version > `after_version`, below `tree_size`."""
        rows = self._store.stream(subject, after_version=after_version, tree_size=tree_size)
        return [to_recorded(row) for row in rows]

    def record(self, subject: str) -> EnterpriseRecord | None:
        """One enterprise's record as it is now, None where there are no entries; a part of them in memory at a time."""
        record: EnterpriseRecord | None = None
        version = 0
        while rows := self._store.stream(subject, after_version=version, limit=RECORD_PAGE_ENTRIES):
            record = fold(record, map(to_recorded, rows))
            version = rows[-1].version
        return record

    def subjects(self, subjects: Sequence[str]) -> Mapping[str, list[Recorded]]:
        """Whole streams of several subjects in one round trip; unknown ones are left out."""
        decode = self._decode
        return {subject: [decode(row) for row in rows] for subject, rows in self._store.streams(subjects).items()}

    def governing(self, after_index: int = -1) -> list[Recorded]:
        """Events of parties, policies, campaigns and the map with index > `after_index`, in log order."""
        return [to_recorded(row) for row in self._store.governing_entries(after_index)]

    def leaves(self, start: int, stop: int) -> Sequence[LeafRow]:
        """The leaves with index in [start, stop), with their subjects: what the completeness map is made of."""
        return self._store.leaves(start, stop)

    def map_roots(self) -> tuple[MapRoot, ...]:
        """The newest published roots of the completeness map, oldest first."""
        roots: tuple[MapRoot, ...] = ()
        for at in self.subject(MAP):
            roots = evolve_map(roots, at)
        return roots

    def size(self) -> int:
        """The tree size of the newest checkpoint, 0 for an empty log."""
        newest = self._store.latest()
        return 0 if newest is None else newest.tree_size

    def wait(self, size: int, timeout: float) -> int:
        """Wait until the log has at least `size` entries or `timeout` seconds passed; the size it has."""
        return self._store.wait_for(size, timeout)
