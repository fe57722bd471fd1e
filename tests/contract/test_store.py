"""The contract of `ledger.store.contract.Store`, kept by the real store and by its twin in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from psycopg.sql import SQL, Identifier

from ledger.errors import Busy, Raced
from ledger.limits import BODY_HOLD_SECONDS
from ledger.store.connect import Database, connect
from ledger.store.contract import Fact, NewEntry, Store, Tile
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.store.vault import Vault
from ledger.tlog.hashing import leaf_hash
from tests.support.batches import NOW, a_batch, a_checkpoint, an_entry, sealed
from tests.support.waiting import PATIENCE_SECONDS

ONE, TWO = "local:test/1", "local:test/2"


def entry_of(store: Store, index: int) -> tuple[str, int, bytes, bytes | None]:
    (row,) = store.entries(index, 1)
    assert row.index == index
    return row.subject, row.version, row.statement, row.body


def test_an_empty_book_answers_every_question(store: Store) -> None:
    assert store.latest() is None
    assert store.checkpoint_covering(0) is None
    assert store.checkpoint_at(1) is None
    assert list(store.entries(0, 10)) == []
    assert list(store.governing_entries()) == []
    assert list(store.stream(ONE)) == []
    assert store.streams([ONE, TWO]) == {}
    assert store.streams([]) == {}
    assert store.facts([Fact("cti", "a")]) == {}
    assert store.facts([]) == {}
    assert store.statements([0, 7]) == {}
    assert store.index_of_statement(bytes(32)) is None
    assert list(store.leaf_hashes(0, 5)) == []
    assert store.tiles([(0, 0)]) == {}
    assert store.tiles([]) == {}
    assert store.entries_at([0, 7]) == {}
    assert store.checkpoints_covering([0, 7]) == {}
    assert store.body(0) is None
    assert store.held_bodies([bytes(32)], NOW) == {}
    assert store.wait_for(1, 0.0) == 0


def test_what_was_appended_is_read_back_as_it_was(store: Store) -> None:
    entries = [an_entry(ONE, 1, facts=[Fact("cti", "a")]), an_entry(TWO, 1), an_entry(ONE, 2, facts=[Fact("cti", "b")])]
    batch = a_batch(0, entries)
    store.append(batch)
    rows = store.entries(0, 10)
    assert [(row.index, row.subject, row.version, row.topic, row.statement) for row in rows] == [
        (index, entry.subject, entry.version, entry.topic, entry.statement) for index, entry in enumerate(entries)
    ]
    assert {row.recorded_at for row in rows} == {NOW}
    assert {row.body for row in rows} == {None}
    assert store.latest() == batch.checkpoint
    assert list(store.leaf_hashes(0, 3)) == [entry.leaf_hash for entry in entries]
    assert list(store.leaf_hashes(1, 2)) == [entries[1].leaf_hash]
    assert store.statements([2, 0, 9]) == {2: entries[2].statement, 0: entries[0].statement}
    assert store.index_of_statement(entries[1].leaf_hash) == 1
    assert store.facts([Fact("cti", "b"), Fact("cti", "z"), Fact("code", "b")]) == {Fact("cti", "b"): 2}


def test_entries_are_a_window_of_the_log(store: Store) -> None:
    store.append(a_batch(0, [an_entry(ONE, version) for version in range(1, 8)]))
    assert [row.index for row in store.entries(2, 3)] == [2, 3, 4]
    assert [row.index for row in store.entries(5, 100)] == [5, 6]
    assert [row.index for row in store.entries(3, 2**63)] == [3, 4, 5, 6]
    assert list(store.entries(7, 3)) == []


def test_leaves_are_a_window_of_the_log_with_their_subjects(store: Store) -> None:
    entries = [an_entry(ONE, 1), an_entry(TWO, 1), an_entry(ONE, 2)]
    store.append(a_batch(0, entries))
    assert [(row.index, row.subject, row.leaf_hash) for row in store.leaves(1, 9)] == [
        (1, TWO, entries[1].leaf_hash),
        (2, ONE, entries[2].leaf_hash),
    ]
    assert list(store.leaves(3, 3)) == []


def test_a_stream_is_in_order_and_can_be_cut_at_both_ends(store: Store) -> None:
    store.append(a_batch(0, [an_entry(ONE, 1), an_entry(TWO, 1), an_entry(ONE, 2)]))
    store.append(a_batch(3, [an_entry(ONE, 3), an_entry(TWO, 2)]))
    assert [row.version for row in store.stream(ONE)] == [1, 2, 3]
    assert [row.version for row in store.stream(ONE, after_version=1)] == [2, 3]
    assert [row.version for row in store.stream(ONE, tree_size=3)] == [1, 2]
    assert [row.version for row in store.stream(ONE, tree_size=2)] == [1]
    assert [row.version for row in store.stream(ONE, after_version=1, tree_size=3)] == [2]
    assert list(store.stream(ONE, tree_size=0)) == []
    assert [row.version for row in store.stream(ONE, limit=2)] == [1, 2]
    assert [row.version for row in store.stream(ONE, after_version=1, tree_size=3, limit=5)] == [2]
    assert list(store.stream_indices(ONE, limit=9)) == [0, 2, 3]
    assert list(store.stream_indices(ONE, after_index=0, limit=1)) == [2]
    assert list(store.stream_indices("local:test/none", limit=9)) == []


def test_entries_are_found_by_their_indices_with_their_bodies(store: Store) -> None:
    store.append(a_batch(0, [an_entry(ONE, 1), sealed(an_entry(ONE, 2), b"body"), an_entry(ONE, 3)]))
    found = store.entries_at([1, 2, 7, -1])
    assert found == {row.index: row for row in store.entries(1, 2)}
    assert found[1].body == b"body"


def test_several_streams_come_whole_and_unknown_ones_not_at_all(store: Store) -> None:
    store.append(a_batch(0, [an_entry(TWO, 1), an_entry(ONE, 1), an_entry(ONE, 2), an_entry("local:test/3", 1)]))
    streams = store.streams([ONE, "local:test/none", TWO])
    assert {subject: [row.version for row in rows] for subject, rows in streams.items()} == {ONE: [1, 2], TWO: [1]}


def test_governing_entries_are_those_of_parties_policies_campaigns_and_the_map_in_log_order(store: Store) -> None:
    subjects = ["party:root", ONE, "policy", "campaign:2026", "map", f"party:{ONE}", "uscc:91350100M000100Y43"]
    store.append(a_batch(0, [an_entry(subject) for subject in subjects]))
    assert [row.subject for row in store.governing_entries()] == [
        "party:root",
        "policy",
        "campaign:2026",
        "map",
        f"party:{ONE}",
    ]


def test_checkpoints_are_found_by_size_and_by_what_they_cover(store: Store) -> None:
    store.append(a_batch(0, [an_entry(ONE, 1), an_entry(ONE, 2)]))
    store.append(a_batch(2, [an_entry(ONE, 3)]))
    first, second = a_checkpoint(2, 0), a_checkpoint(3, 2)
    assert [store.checkpoint_covering(index) for index in (0, 1, 2, 3)] == [first, first, second, None]
    assert store.checkpoints_covering([2, 0, 1, 3]) == {0: first, 1: first, 2: second}
    assert [store.checkpoint_at(size) for size in (1, 2, 3)] == [None, first, second]
    assert store.latest() == second


def test_tiles_are_kept_by_level_and_number(store: Store) -> None:
    tiles = [Tile(0, 0, b"a" * 8192), Tile(1, 0, b"b" * 8192), Tile(0, 1, b"c" * 8192)]
    store.append(a_batch(0, [an_entry()], tiles))
    named = {(tile.level, tile.number): tile.hashes for tile in tiles}
    assert store.tiles([*named, (1, 1), (0, 2)]) == named
    assert store.tiles([(0, 1)]) == {(0, 1): b"c" * 8192}


LOSERS: dict[str, Callable[[], tuple[int, list[NewEntry], list[Tile]]]] = {
    "the size before it is not the newest": lambda: (0, [an_entry(TWO, 1), an_entry(TWO, 2), an_entry(TWO, 3)], []),
    "the size before it ends inside another batch": lambda: (1, [an_entry(TWO, 1), an_entry(TWO, 2)], []),
    "the size before it was never reached": lambda: (5, [an_entry(TWO, 1)], []),
    "a version is taken": lambda: (2, [an_entry(TWO, 1), an_entry(ONE, 2, text="other")], []),
    "a version comes twice": lambda: (2, [an_entry(TWO, 1), an_entry(TWO, 1, text="other")], []),
    "a fact is taken": lambda: (2, [an_entry(TWO, 1, facts=[Fact("cti", "taken")])], []),
    "a fact comes twice": lambda: (2, [an_entry(TWO, v, facts=[Fact("cti", "new")]) for v in (1, 2)], []),
    "a tile is there": lambda: (2, [an_entry(TWO, 1)], [Tile(0, 0, bytes(8192))]),
}


@pytest.mark.parametrize("why", LOSERS)
def test_a_batch_that_lost_the_race_leaves_nothing(store: Store, why: str) -> None:
    won = a_batch(0, [an_entry(ONE, 1, facts=[Fact("cti", "taken")]), an_entry(ONE, 2)], [Tile(0, 0, b"t" * 8192)])
    store.append(won)
    store.hold_body(sealed(an_entry(), b"body").commitment or b"", b"body", NOW)
    previous, entries, tiles = LOSERS[why]()
    entries[0] = sealed(entries[0], b"body")
    with pytest.raises(Raced):
        store.append(a_batch(previous, entries, [*tiles, Tile(5, 5, bytes(8192))]))
    assert store.latest() == won.checkpoint
    assert [row.subject for row in store.entries(0, 10)] == [ONE, ONE]
    assert store.facts([Fact("cti", "new")]) == {}
    assert store.tiles([(5, 5)]) == {}
    assert [store.body(index) for index in range(6)] == [None] * 6
    assert len(store.held_bodies([entries[0].commitment or b""], NOW)) == 1
    store.append(a_batch(2, [an_entry(TWO, 1)]))  # and the way on is free
    assert entry_of(store, 2) == (TWO, 1, an_entry(TWO, 1).statement, None)


def test_two_writers_race_and_exactly_one_wins(request: pytest.FixtureRequest, store: Store) -> None:
    """Both batches want the same size and each other's streams in opposite order: a deadlock, if locks were taken."""
    size = 0
    with ExitStack() as stack:
        writers = (store, store)
        if isinstance(store, PostgresStore):
            # A deadlock that PostgreSQL finds is a lost race, too: it shall not look, so that one is another error.
            with connect(request.getfixturevalue("database").superuser) as control:
                name = SQL("ALTER DATABASE {} SET deadlock_timeout = '1h'").format(Identifier(control.info.dbname))
                control.execute(name)
            one, other = (stack.enter_context(PostgresStore.open(store.conninfo)) for _ in range(2))
            writers = (one, other)
        for round_ in range(8):
            outcomes: list[str] = []
            start = threading.Barrier(2)

            def write(
                writer: Store,
                subjects: tuple[str, str],
                *,
                version: int = round_ + 1,
                previous: int = size,
                start: threading.Barrier = start,
                outcomes: list[str] = outcomes,
            ) -> None:
                start.wait()
                try:
                    writer.append(a_batch(previous, [an_entry(subject, version) for subject in subjects]))
                    outcomes.append("won")
                except Raced:
                    outcomes.append("lost")

            threads = [
                threading.Thread(target=write, args=(writers[0], (ONE, TWO))),
                threading.Thread(target=write, args=(writers[1], (TWO, ONE))),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == ["lost", "won"]
            size += 2
    newest = store.latest()
    assert newest is not None
    assert newest.tree_size == size
    assert [row.index for row in store.entries(0, 100)] == list(range(size))


def test_parts_that_do_not_belong_together_are_refused(store: Store) -> None:
    entry = an_entry()
    with pytest.raises(ValueError, match="do not take the tree"):
        store.append(a_batch(0, []))
    with pytest.raises(ValueError, match="do not take the tree"):
        store.append(type(a_batch(0, [entry]))((entry,), a_checkpoint(2, 0)))
    with pytest.raises(ValueError, match="without a commitment"):
        store.append(a_batch(0, [NewEntry(ONE, 1, "sealed", b"s", bytes(32), body=b"b")]))
    assert store.latest() is None


@pytest.mark.parametrize("key", ["nul\0inside", "很" * 4_000, "sha256:" + "0" * 64, ""])
def test_no_key_of_a_fact_can_make_a_commit_fail(store: Store, key: str) -> None:
    store.append(a_batch(0, [an_entry(ONE, 1, facts=[Fact("number", key)])]))
    assert store.facts([Fact("number", key)]) == {Fact("number", key): 0}
    with pytest.raises(Raced):
        store.append(a_batch(1, [an_entry(ONE, 2, facts=[Fact("number", key)])]))


def test_a_body_comes_with_its_entry_until_it_is_erased(store: Store) -> None:
    entries = [an_entry(ONE, 1), sealed(an_entry(ONE, 2), b"body", public=False), sealed(an_entry(TWO, 1), b"other")]
    store.append(a_batch(0, entries))
    assert [row.body for row in store.entries(0, 10)] == [None, b"body", b"other"]
    assert [row.body for row in store.stream(ONE)] == [None, b"body"]
    assert [row.body for row in store.streams([ONE, TWO])[TWO]] == [b"other"]
    assert store.body(0) is None
    assert store.body(1) == (b"body", False)
    assert store.body(2) == (b"other", True)
    store.erase_body(1)
    store.erase_body(1)
    store.erase_body(0)
    assert store.body(1) is None
    assert [row.body for row in store.entries(0, 10)] == [None, None, b"other"]
    assert entry_of(store, 1)[2] == entries[1].statement


def test_a_sealed_entry_may_come_without_its_body(store: Store) -> None:
    entry = NewEntry(ONE, 1, "sealed", b"statement", leaf_hash(b"statement"), commitment=bytes(32))
    store.append(a_batch(0, [entry]))
    assert entry_of(store, 0) == (ONE, 1, b"statement", None)
    assert store.body(0) is None


def test_erasing_a_body_takes_a_copy_that_was_uploaded_again(store: Store) -> None:
    entry = sealed(an_entry(), b"body")
    assert entry.commitment is not None
    store.append(a_batch(0, [entry]))
    store.hold_body(entry.commitment, b"body", NOW)
    store.erase_body(0)
    assert store.held_bodies([entry.commitment], NOW) == {}


def test_a_held_body_waits_for_an_hour_or_for_its_statement(store: Store) -> None:
    entry = sealed(an_entry(), b"body")
    assert entry.commitment is not None
    held, other = entry.commitment, b"o" * 32
    store.hold_body(held, b"body", NOW)
    store.hold_body(other, b"other", NOW + 10)
    assert store.held_bodies([held, other, bytes(32)], NOW + 10) == {held: b"body", other: b"other"}
    assert store.held_bodies([held], NOW + BODY_HOLD_SECONDS - 1) == {held: b"body"}
    assert store.held_bodies([held, other], NOW + BODY_HOLD_SECONDS) == {other: b"other"}
    store.append(a_batch(0, [entry]))
    assert store.held_bodies([held, other], NOW) == {other: b"other"}


def test_holding_a_body_again_prolongs_it(store: Store) -> None:
    store.hold_body(b"c" * 32, b"body", NOW)
    store.hold_body(b"c" * 32, b"body", NOW + 60)
    assert store.held_bodies([b"c" * 32], NOW + BODY_HOLD_SECONDS) == {b"c" * 32: b"body"}


def test_the_room_for_held_bodies_is_bounded_and_comes_back(request: pytest.FixtureRequest, store: Store) -> None:
    small: Vault | MemoryStore
    if isinstance(store, PostgresStore):
        pool = Database(store.conninfo)
        request.addfinalizer(pool.close)
        small = Vault(pool, held_bytes_max=100)
    else:
        small = MemoryStore(held_bytes_max=100)
    small.hold_body(b"a" * 32, bytes(60), NOW)
    with pytest.raises(Busy):
        small.hold_body(b"b" * 32, bytes(60), NOW)
    small.hold_body(b"c" * 32, bytes(40), NOW)
    with pytest.raises(Busy):
        small.hold_body(b"b" * 32, bytes(1), NOW + 1)
    small.hold_body(b"b" * 32, bytes(60), NOW + BODY_HOLD_SECONDS)


def test_waiting_ends_when_the_log_has_grown_or_time_is_up(store: Store) -> None:
    assert store.wait_for(1, 0.05) == 0
    writer = threading.Timer(0.1, store.append, (a_batch(0, [an_entry(ONE, 1), an_entry(ONE, 2)]),))
    writer.start()
    began = time.monotonic()
    assert store.wait_for(2, PATIENCE_SECONDS) == 2
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    writer.join()
    assert store.wait_for(1, 0.0) == 2
    assert store.wait_for(3, 0.05) == 2


def test_a_copy_of_the_log_is_what_entries_gives(store: Store) -> None:
    assert isinstance(store, PostgresStore | MemoryStore)
    bodies = [sealed(an_entry(TWO, version), b"body%d" % version) for version in range(1, 4)]
    store.append(a_batch(0, [*(an_entry(ONE, version) for version in range(1, 6)), *bodies]))
    store.erase_body(6)
    assert [row for rows in store.copy_entries(0, 100) for row in rows] == list(store.entries(0, 100))
    assert [row.index for rows in store.copy_entries(2, 4) for row in rows] == [2, 3]
    assert list(store.copy_entries(8, 8)) == []


def test_the_eventsourcing_library_reads_the_book(store: Store) -> None:
    assert isinstance(store, PostgresStore | MemoryStore)
    store.append(a_batch(0, [an_entry(ONE, 1), an_entry(TWO, 1), sealed(an_entry(ONE, 2), b"body"), an_entry(ONE, 3)]))
    recorder = store.recorder
    assert recorder.max_notification_id() == 4
    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 2, 3, 4]
    assert [n.id for n in recorder.select_notifications(2, 2)] == [2, 3]
    assert [n.id for n in recorder.select_notifications(2, 9, inclusive_of_start=False)] == [3, 4]
    assert [n.id for n in recorder.select_notifications(None, 9, stop=2)] == [1, 2]
    assert [n.id for n in recorder.select_notifications(1, 9, topics=["sealed"])] == [3]
    assert [e.originator_version for e in recorder.select_events(ONE)] == [1, 2, 3]
    assert [e.originator_version for e in recorder.select_events(ONE, gt=1, lte=2)] == [2]
    assert [e.originator_version for e in recorder.select_events(ONE, desc=True, limit=1)] == [3]
    assert recorder.select_events(TWO)[0].state == an_entry(TWO, 1).statement


def test_the_eventsourcing_library_follows_the_book(store: Store) -> None:
    assert isinstance(store, PostgresStore | MemoryStore)
    store.append(a_batch(0, [an_entry(ONE, 1)]))
    with store.recorder.subscribe(gt=0) as subscription:
        assert next(subscription).id == 1
        store.append(a_batch(1, [an_entry(ONE, 2)]))
        assert next(subscription).id == 2


def test_the_eventsourcing_library_cannot_write_past_the_proof(store: Store) -> None:
    assert isinstance(store, PostgresStore | MemoryStore)
    store.append(a_batch(0, [an_entry(ONE, 1)]))
    events = list(store.recorder.select_events(ONE))
    with pytest.raises(Exception, match="with its checkpoint only"):
        store.recorder.insert_events(events)
    assert store.recorder.max_notification_id() == 1
