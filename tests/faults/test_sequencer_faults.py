"""The sequencer when the database fails: nothing is lost, nothing is twice, everybody is answered rightly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.keys.keyring import Keyring
from ledger.registration import Candidate, admit
from ledger.sequencer import Answer, Registered, Sequencer
from ledger.store.postgres import PostgresStore
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN, charter
from tests.support.clock import NOW, Clock
from tests.support.faulty import CRASH_POINTS, FaultyStore
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import registered, sign

CODES = ("91110000600037341L", "91110108551385082Q")


@pytest.fixture
def faulty(store: PostgresStore) -> FaultyStore:
    return FaultyStore(store)


@pytest.fixture
def sequencer(faulty: FaultyStore) -> Iterator[Sequencer]:
    sequencer = Sequencer(faulty, log_keys(ORIGIN), Clock())
    sequencer.open()
    sequencer.bootstrap(charter())
    sequencer.start()
    yield sequencer
    sequencer.stop()


def candidate(sequencer: Sequencer, subject: str) -> Candidate:
    statement, body = sign(registered(), subject=subject, by=ORGANIZER, iat=NOW)
    return admit(
        statement, body, governance=sequencer.governance, keyring=sequencer.keyring, origin=ORIGIN, now=NOW
    )


def registered_at(answer: Answer) -> Registered:
    assert isinstance(answer, Registered), answer
    return answer


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_after_a_lost_connection_the_submitter_hears_what_really_happened(
    sequencer: Sequencer, faulty: FaultyStore, store: PostgresStore, point: str
) -> None:
    size = store.latest().tree_size  # type: ignore[union-attr]
    faulty.arm(point)
    first = candidate(sequencer, f"local:test/{point.replace(' ', '-').replace(',', '')}")
    (answer,) = sequencer.submit_and_wait(first, timeout=20)
    assert faulty.failures >= 1
    assert registered_at(answer).index == size
    assert registered_at(answer).existing == point.startswith("after")
    (again,) = sequencer.submit_and_wait(first, timeout=20)
    assert registered_at(again).index == size, "sent again, it is the entry that it was"
    assert check_whole_log(store, log_keys(ORIGIN)) == size + 1
