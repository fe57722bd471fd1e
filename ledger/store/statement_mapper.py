"""Stored bytes are signed bytes: entries as the eventsourcing library's domain events."""

from __future__ import annotations

from typing import NoReturn, cast

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, ProgrammingError, StoredEvent

from ledger.cose.statement import decode_trusted
from ledger.domain.events.base import Recorded
from ledger.store.contract import EntryRow
from ledger.store.recorder import StoredEntry

__all__ = ["StatementMapper", "to_recorded"]


def to_recorded(row: EntryRow) -> Recorded:
    """Decode a stored entry. Its bytes were verified before they were written; the audit verifies them again."""
    statement, event = decode_trusted(row.statement, row.body)
    return statement.recorded(event, index=row.index, version=row.version, recorded_at=row.recorded_at)


class StatementMapper(Mapper[str]):
    """Reads statements. It makes none: only an issuer's key can, and that is not here."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> NoReturn:
        """Refused: an event's bytes are those that its issuer signed."""
        raise ProgrammingError("an event is stored as the statement that its issuer signed: submit that")

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The stored entry as `Recorded` (the library does not look into it, projector functions do)."""
        if not isinstance(stored_event, StoredEntry):
            raise ProgrammingError("not an entry of the book")
        row = EntryRow(
            index=stored_event.id - 1,
            subject=str(stored_event.originator_id),
            version=stored_event.originator_version,
            topic=stored_event.topic,
            statement=stored_event.state,
            recorded_at=stored_event.recorded_at,
            body=stored_event.body,
        )
        return cast("DomainEventProtocol[str]", to_recorded(row))
