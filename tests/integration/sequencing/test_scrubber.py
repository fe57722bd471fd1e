"""What is stored is read again: a bit that flips on disk is told of, and named."""

from __future__ import annotations

import psycopg
import pytest

from ledger.sequencing.scrubber import Scrubber
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, open_book
from tests.support.charter import ORGANIZER
from tests.support.database import TestDatabase
from tests.support.statements import registered
from tests.support.waiting import eventually


@pytest.fixture
def book(store: PostgresStore) -> PostgresStore:
    """More than one full tile."""
    with open_book(store) as sequencer:
        candidates = [entry(sequencer, registered(), f"local:test/{number}", ORGANIZER) for number in range(300)]
        sequencer.submit_and_wait(*candidates, timeout=60)
    return store


def scrubber(store: PostgresStore) -> Scrubber:
    return Scrubber(store, lambda: False)


def test_a_sound_log_is_read_through_and_found_sound(book: PostgresStore) -> None:
    one = scrubber(book)
    one.sweep()
    newest = book.latest()
    assert newest is not None
    assert (one.found, one.sweeps, one.scrubbed) == ((), 1, newest.tree_size)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE ledger.entries SET state = state || 'x' WHERE notification_id = 41", "entry 40 does not hash"),
        (
            "UPDATE ledger.tiles SET hashes = set_byte(hashes, 77, get_byte(hashes, 77) # 1) WHERE level = 0",
            "tile 0/0 is not",
        ),
        (
            "UPDATE ledger.entries SET (state, leaf_hash) = (state || 'x', sha256('\\x00'::bytea || state || 'x')) "
            "WHERE notification_id = 290",
            "do not hash to the root",
        ),
        ("DELETE FROM ledger.entries WHERE notification_id = 100", "entry 99 is missing"),
    ],
)
def test_what_is_damaged_is_named_and_stays_told_until_a_sweep_is_clean(
    book: PostgresStore, database: TestDatabase, damage: str, named: str
) -> None:
    with psycopg.connect(database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")  # as a disk does, which asks nobody
        connection.execute("ALTER TABLE ledger.entries DROP CONSTRAINT entries_leaf_of_state")
        connection.execute(damage)
    one = scrubber(book)
    one.sweep()
    assert named in " ".join(one.found)
    one.sweep()
    assert named in " ".join(one.found)


def test_it_runs_by_itself_and_ends_when_told(book: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.sequencing.scrubber.SCRUB_PAUSE_SECONDS", 0.01)
    one = scrubber(book)
    one.start()
    eventually(lambda: one.sweeps, "a sweep comes to its end")
    one.stop()
    assert one.found == ()
