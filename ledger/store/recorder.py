"""The book as a recorder of the eventsourcing library: notification log, repository and subscriptions read it.

Writing through the library is refused whole: an entry without its proof is no entry (and its own write path
commits after an exception, and repeats a commit of unknown outcome). `PostgresStore.append` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

from eventsourcing.persistence import Notification, ProgrammingError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresSubscription

from ledger.limits import DATABASE_POLL_SECONDS
from ledger.store.array_parameters import Texts
from ledger.store.connect import Database, connect

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["CHANNEL", "LedgerRecorder", "StoredEntry", "refuse_insert"]

CHANNEL = "ledger"  # NOTIFY channel of new checkpoints; the payload is the tree size
_LAST = 2**63 - 1


@dataclass(frozen=True)
class StoredEntry(Notification):
    """A stored event as the book has it: `id` is leaf index + 1, `state` the statement, `body` the vault's."""

    recorded_at: int
    body: bytes | None


def refuse_insert() -> NoReturn:
    """Raise what the library understands, for every write that does not come with a checkpoint."""
    raise ProgrammingError("an entry enters the book with its checkpoint only: submit it to the sequencer")


class LedgerDatastore(PostgresDatastore):
    """The library's view of our connection pool."""

    def __init__(self, database: Database) -> None:
        super().__init__("", "", "", "", "", schema="ledger", originator_id_type="text")
        self.pool = cast(Any, database.pool)


class LedgerSubscription(PostgresSubscription):
    """The library's subscription, listening on a connection of its own and looking once it listens, and at times.

    The library's listens after its first look: what is recorded in between would wait for the next event.
    """

    def _listen(self) -> None:
        try:
            with connect(cast(LedgerRecorder, self._recorder).conninfo) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not self._has_been_stopped and not self._thread_error:
                    self._has_been_notified.set()
                    for _ in connection.notifies(timeout=DATABASE_POLL_SECONDS, stop_after=1):
                        pass
        except Exception as error:  # raised to the reader, in the reader's thread
            self._thread_error = self._thread_error or error
            self.stop()


class LedgerRecorder(PostgresApplicationRecorder):
    """Reads `ledger.entries`; the library's own reads (`max_notification_id`, subscriptions) work on it, too."""

    def __init__(self, database: Database) -> None:
        super().__init__(LedgerDatastore(database), events_table_name="entries")
        self.conninfo = database.conninfo
        self._database = database

    def create_table(self) -> NoReturn:
        """Refused: the schema belongs to the migrator."""
        raise ProgrammingError("the schema is made by `migrate`")

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> NoReturn:
        """Refused: see the module."""
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
        """Entries of one stream, with bodies. Raises `Unavailable`."""
        params = {"subject": str(originator_id), "after": gt or 0, "last": _LAST if lte is None else lte}
        found = _stored(self._database.fetch("select_stored", params))
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
        """Entries in log order, with bodies. Raises `Unavailable`."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        last = _LAST if stop is None else stop
        params = {"start": first, "stop": last, "topics": Texts(topics), "limit": limit}
        return _stored(self._database.fetch("select_notifications", params))

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LedgerSubscription:
        """Entries with id > `gt`, as they are committed. Iterating raises `Unavailable` on a lost connection."""
        return LedgerSubscription(recorder=self, gt=gt, topics=topics)


def _stored(rows: Iterable[tuple[Any, ...]]) -> list[StoredEntry]:
    return [
        StoredEntry(subject, version, topic, state, id=number, recorded_at=recorded_at, body=body)
        for subject, version, topic, state, number, recorded_at, body in rows
    ]
