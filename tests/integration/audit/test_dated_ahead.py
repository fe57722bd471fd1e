"""A log that a clock once dated far ahead: what service and audit say of it, and the way back that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.auditing.drill import Drilling, audit_here
from ledger.errors import ClockDoubted
from ledger.registration import AdmittingLog, admit
from ledger.sequencing.clock import ClockDoubts
from ledger.sequencing.high_water import HighWater
from ledger.sequencing.sequencer import Sequencer
from ledger.store.contract import Store
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import is_registered, open_book
from tests.integration.sequencing.switched import given_up, opened, register
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.clock import Clock
from tests.support.database import PostgresServer, TestDatabase
from tests.support.forging import superuser
from tests.support.keys import log_keys
from tests.support.live_book import trust_of
from tests.support.oracle import check_whole_log
from tests.support.statements import registered, sign

AHEAD_DAYS = 400


def newest(store: Store) -> tuple[int, bytes, int]:
    found = store.latest()
    assert found is not None
    return found.tree_size, found.root, found.recorded_at


def audited(database: TestDatabase, store: PostgresStore) -> dict[str, int]:
    """Findings of an audit of the whole book, by code."""
    with superuser(database) as connection, connection.transaction(force_rollback=True):
        outcome = audit_here(Drilling(connection, trust_of(store)))
    assert outcome.complete
    return dict(outcome.counts)


def test_a_log_dated_ahead_breaks_no_promise_takes_nothing_in_and_has_a_way_back(
    postgres_server: PostgresServer, database: TestDatabase, tmp_path: Path
) -> None:
    right = Clock()
    with PostgresStore.open(database.service) as store, open_book(store) as sequencer:
        register(sequencer, "before")
    with postgres_server.copy(database) as backup:
        ahead = Clock()
        ahead.advance(days=AHEAD_DAYS)
        with PostgresStore.open(database.service) as store:
            with opened(store, tmp_path, clock=ahead) as sequencer:  # as a version did that believed its clock
                _register_ahead(sequencer, ahead)
            lost = newest(store)
            assert lost[2] - right() >= AHEAD_DAYS * 86_400
            _refuses_honest_statements(store, tmp_path, right)
            assert newest(store) == lost, "nothing was written"
            assert audited(database, store) == {}, "the log keeps what it promised: it is only dated wrongly"
            check_whole_log(store, log_keys(ORIGIN))
        with PostgresStore.open(backup.service) as copy:
            kept = newest(copy)
            said = given_up(lost[:2], kept[:2], right())
            with opened(copy, tmp_path, accepted=said, clock=right) as sequencer:
                assert is_registered(register(sequencer, "after")[0]).index == kept[0] + 1
            assert newest(copy)[2] == right(), "dated as it is"
            assert audited(backup, copy) == {}, "and the audit agrees"
            check_whole_log(copy, log_keys(ORIGIN))


def _register_ahead(sequencer: Sequencer, ahead: Clock) -> None:
    """What somebody says whose clock is as wrong as the log's."""
    event = registered(effective_on=ahead.today)
    statement, body = sign(event, subject="local:test/dated-ahead", by=ORGANIZER, iat=ahead())
    governance, keyring = sequencer.governance, sequencer.keyring
    candidate = admit(statement, body, AdmittingLog(ORIGIN, governance, keyring), now=ahead())
    is_registered(sequencer.submit_and_wait(candidate, timeout=30)[0])


def _refuses_honest_statements(store: PostgresStore, folder: Path, right: Clock) -> None:
    doubts = ClockDoubts(right, lambda: float(right()))
    file = HighWater(folder, log_keys(ORIGIN))
    sequencer = Sequencer(store, log_keys(ORIGIN), right, file=file, doubts=doubts)
    sequencer.open()
    sequencer.start()
    try:
        (answer,) = register(sequencer, "honest")
    finally:
        sequencer.stop()
    assert isinstance(answer, ClockDoubted)
    with pytest.raises(ClockDoubted, match="newest checkpoint is of"):
        doubts.check(right(), store.latest())
