"""How far the read models have come: a tracking record of the eventsourcing library, in the transaction of the rows."""

from __future__ import annotations

from typing import Any, Final, cast

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg import Connection
from psycopg.rows import dict_row

from ledger.store.connect import Database

__all__ = ["Position"]


class _Datastore(PostgresDatastore):
    """The library's view of our connection pool."""

    def __init__(self, database: Database) -> None:
        super().__init__("", "", "", "", "", schema="projections", originator_id_type="text")
        self.pool = cast(Any, database.pool)


class Position(PostgresTrackingRecorder):
    """The tree size up to which the read models hold everything: notification ids are leaf indices plus one."""

    TABLE: Final = "tracking"
    UPSTREAM: Final = "ledger"

    def __init__(self, database: Database) -> None:
        super().__init__(_Datastore(database), tracking_table_name=self.TABLE)

    def within(self, connection: Connection[Any]) -> int:
        """The position as the connection's transaction sees it."""
        with connection.cursor(row_factory=dict_row) as cursor:
            return self._max_tracking_id(self.UPSTREAM, cursor) or 0

    def move(self, connection: Connection[Any], tree_size: int) -> bool:
        """Move on to `tree_size` in the connection's transaction; False where somebody else is there already."""
        with connection.cursor(row_factory=dict_row) as cursor:
            try:
                self._insert_tracking(cursor, Tracking(self.UPSTREAM, tree_size))
            except IntegrityError:
                return False
        return True
