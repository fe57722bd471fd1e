"""The store in memory as the eventsourcing library sees it: the twin of `recorder.py`, which reads PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from ledger.store.contract import EntryRow, Store
from ledger.store.recorder import StoredEntry, refuse_insert

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["MemoryRecorder"]


class MemoryRecorder(POPOApplicationRecorder):
    """The library's recorder over a store in memory; keeps no events of its own."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def announce(self) -> None:
        """Wake the library's subscriptions."""
        self._notify_listeners()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> NoReturn:
        """Refused: an entry without its checkpoint is no entry."""
        refuse_insert()

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._store.stream(str(originator_id), after_version=gt or 0)
        found = [_stored(row) for row in rows if lte is None or row.version <= lte]
        return (found[::-1] if desc else found)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = max(1, 1 if start is None else start if inclusive_of_start else start + 1)
        size = self.max_notification_id() or 0
        rows = self._store.entries(first - 1, max(0, (size if stop is None else min(stop, size)) - first + 1))
        return [_stored(row) for row in rows if not topics or row.topic in topics][:limit]

    def max_notification_id(self) -> int | None:
        newest = self._store.latest()
        return newest.tree_size if newest else None


def _stored(row: EntryRow) -> StoredEntry:
    return StoredEntry(
        row.subject,
        row.version,
        row.topic,
        row.statement,
        id=row.index + 1,
        recorded_at=row.recorded_at,
        body=row.body,
    )
