"""The book as an application of the eventsourcing library: its repository, its notification log.

Reading only. Entries are written by `ledger.sequencing.sequencer`, since an entry without its proof is no entry; `save`
says so.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import ApplicationRecorder, EventStore
from eventsourcing.utils import Environment, EnvType

from ledger.domain.state.fold import fold
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import NotFound
from ledger.store.statement_mapper import StatementMapper

__all__ = ["Ledger", "RecordedBook"]

_NAME: Final = "ledger"
_PROJECT: Final[Any] = fold  # the library types its projectors for aggregates; the record is folded by a function


class RecordedBook(Protocol):
    """What a store offers to the library: `PostgresStore` and `MemoryStore` do."""

    @property
    def recorder(self) -> ApplicationRecorder: ...


class Ledger(Application[str]):
    """The book as an application of the library `eventsourcing`.

    `repository.get(subject, projector_func=...)` folds a stream; `notification_log` and `recorder.subscribe`
    give the entries in log order; `mapper` decodes them to `Recorded`."""

    name = _NAME

    def __init__(self, store: RecordedBook) -> None:
        self._store = store
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """The application's own settings; the process environment, which the library would prefer, has no say."""
        return Environment(name, dict(env or {}))

    def construct_mapper(self) -> StatementMapper:
        return StatementMapper()

    def construct_recorder(self) -> ApplicationRecorder:
        return self._store.recorder

    def construct_event_store(self) -> EventStore[str]:
        return EventStore(mapper=self.mapper, recorder=self.recorder)

    def record(self, subject: str, *, version: int | None = None) -> EnterpriseRecord:
        """The enterprise's record, folded from its stream up to `version`. Raises `NotFound`, `Unavailable`."""
        try:
            record: EnterpriseRecord = self.repository.get(subject, version=version, projector_func=_PROJECT)
        except AggregateNotFoundError:
            raise NotFound(f"no entries about {subject}") from None
        return record
