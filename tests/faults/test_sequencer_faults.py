"""The sequencer when the database fails: nothing is lost, nothing is twice, everybody is answered rightly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.sequencing.sequencer import Sequencer
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, is_registered, open_book
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.faulty import CRASH_POINTS, FaultyStore
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import registered


@pytest.fixture
def faulty(store: PostgresStore) -> FaultyStore:
    return FaultyStore(store)


@pytest.fixture
def sequencer(faulty: FaultyStore) -> Iterator[Sequencer]:
    with open_book(faulty) as sequencer:
        yield sequencer


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_after_a_lost_connection_the_submitter_hears_what_really_happened(
    sequencer: Sequencer, faulty: FaultyStore, store: PostgresStore, point: str
) -> None:
    size = store.latest().tree_size  # type: ignore[union-attr]
    faulty.arm(point)
    first = entry(sequencer, registered(), f"local:test/{sorted(CRASH_POINTS).index(point)}", ORGANIZER)
    (answer,) = sequencer.submit_and_wait(first, timeout=20)
    assert faulty.failures >= 1
    assert is_registered(answer).index == size
    assert is_registered(answer).existing == point.startswith("after")
    (again,) = sequencer.submit_and_wait(first, timeout=20)
    assert is_registered(again).index == size, "sent again, it is the entry that it was"
    assert check_whole_log(store, log_keys(ORIGIN)) == size + 1
