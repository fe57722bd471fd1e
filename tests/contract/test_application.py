"""The eventsourcing library's application over the book: its repository folds, its log shows, it never writes."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.cose.statement import Claims, make_sealed, make_statement
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseRenamed
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import NotFound
from ledger.keys.signer import new_key
from ledger.store.application import Ledger
from ledger.store.contract import NewEntry
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.tlog.hashing import leaf_hash
from tests.support.batches import NOW, a_batch

SUBJECT = "uscc:91350100M000100Y43"
KEY = new_key("ed25519")
Opened = tuple[Ledger, PostgresStore | MemoryStore]
TODAY = date(2026, 3, 1)


@pytest.fixture
def ledger(store: PostgresStore | MemoryStore) -> Opened:
    events = [
        EnterpriseRegistered(v=1, effective_on=TODAY, name="甲公司", category="organization"),
        EnterpriseRenamed(v=1, effective_on=TODAY, name="乙公司", evidence="notice 7"),
    ]
    store.append(a_batch(0, [entry(event, version, sealed=version == 2) for version, event in enumerate(events, 1)]))
    return Ledger(store), store


def entry(event: Event, version: int, *, sealed: bool) -> NewEntry:
    claims = Claims(SUBJECT, "party:organizer", "example.org/log", NOW, version.to_bytes(8, "big"))
    if not sealed:
        statement = make_statement(event, claims, KEY)
        return NewEntry(SUBJECT, version, type(event).__name__, statement, leaf_hash(statement))
    statement, body = make_sealed(event, claims, KEY, bytes(16))
    commitment = bytes.fromhex(statement[statement.index(b'"commitment":"') + 14 :][:64].decode())
    return NewEntry(SUBJECT, version, "sealed", statement, leaf_hash(statement), commitment=commitment, body=body)


def test_the_repository_folds_a_stream_with_a_projector_function(
    ledger: Opened,
) -> None:
    application, _ = ledger
    events: list[Recorded] = application.repository.get(SUBJECT, projector_func=lambda _none, all_: list(all_))  # type: ignore
    assert [(at.index, at.version, at.sealed, at.recorded_at) for at in events] == [
        (0, 1, False, NOW),
        (1, 2, True, NOW),
    ]
    assert [type(at.event) for at in events] == [EnterpriseRegistered, EnterpriseRenamed]
    assert {at.issuer for at in events} == {"party:organizer"}


def test_a_record_is_folded_up_to_a_version(ledger: Opened) -> None:
    application, _ = ledger
    assert isinstance(application.record(SUBJECT), EnterpriseRecord)
    assert application.record(SUBJECT).version == 2
    assert application.record(SUBJECT, version=1).version == 1
    with pytest.raises(NotFound):
        application.record("local:test/none")


def test_an_erased_body_is_closed_to_the_library_too(ledger: Opened) -> None:
    application, book = ledger
    book.erase_body(1)
    events: list[Recorded] = application.repository.get(SUBJECT, projector_func=lambda _none, all_: list(all_))  # type: ignore
    assert isinstance(events[1].event, Closed)


def test_the_notification_log_gives_every_entry_by_index_plus_one(
    ledger: Opened,
) -> None:
    application, _ = ledger
    section = application.notification_log["1,10"]
    assert [item.id for item in section.items] == [1, 2]
    decoded = [application.mapper.to_domain_event(item) for item in section.items]
    assert [at.index for at in decoded] == [0, 1]  # type: ignore[attr-defined]


def test_the_environment_has_no_say(ledger: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    application = Ledger(ledger[1])
    assert application.recorder is ledger[1].recorder
    assert application.record(SUBJECT).version == 2


def test_the_library_cannot_save(ledger: Opened) -> None:
    application, book = ledger
    event = next(iter(application.events.get(SUBJECT)))
    with pytest.raises(Exception, match="the statement that its issuer signed"):
        application.events.put([event])
    newest = book.latest()
    assert newest is not None
    assert newest.tree_size == 2
