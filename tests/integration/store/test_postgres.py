"""What only the real store can be asked: lost connections, large batches, the plans of its queries."""

from __future__ import annotations

import threading

import psycopg
import pytest
from msgspec.structs import replace

from ledger.errors import Misconfigured, Raced, Unavailable
from ledger.store.connect import Database, connect
from ledger.store.contract import Tile
from ledger.store.postgres import PostgresStore
from ledger.store.queries import QUERIES
from ledger.tlog.hashing import leaf_hash
from tests.support.batches import a_batch, an_entry, sealed
from tests.support.database import TestDatabase
from tests.support.waiting import PATIENCE_SECONDS, eventually


def kill_connections(database: TestDatabase) -> int:
    """End every connection of the service's role to this database; how many there were."""
    with connect(database.superuser) as control:
        row = control.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'ledger_service'"
        ).fetchone()
        return int(row[0]) if row else 0


def test_a_connection_killed_in_the_middle_of_an_append_is_said_to_be_lost(
    database: TestDatabase, store: PostgresStore
) -> None:
    """The append waits for a lock when its connection is killed: nothing of it remains, and the next one works."""
    store.append(a_batch(0, [an_entry(version=1)]))
    outcome: list[BaseException] = []

    def write() -> None:
        try:
            store.append(a_batch(1, [an_entry(version=2)]))
        except Unavailable as error:
            outcome.append(error)

    with connect(database.admin) as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE ledger.entries IN EXCLUSIVE MODE")
        thread = threading.Thread(target=write)
        thread.start()
        eventually(lambda: kill_waiting(database), "the append waits for the lock")
        thread.join()
    assert len(outcome) == 1
    newest = store.latest()
    assert newest is not None
    assert newest.tree_size == 1
    store.append(a_batch(1, [an_entry(version=2)]))


def kill_waiting(database: TestDatabase) -> bool:
    with connect(database.superuser) as control:
        killed = control.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = 'ledger_service' AND wait_event_type = 'Lock'"
        ).fetchall()
    return bool(killed)


def test_an_append_on_a_connection_that_died_while_idle_is_said_to_be_lost_once(
    database: TestDatabase, store: PostgresStore
) -> None:
    store.append(a_batch(0, [an_entry(version=1)]))
    kill_connections(database)
    with pytest.raises(Unavailable):
        store.append(a_batch(1, [an_entry(version=2)]))
    store.append(a_batch(1, [an_entry(version=2)]))


def test_reads_go_on_after_the_server_dropped_every_connection(database: TestDatabase, store: PostgresStore) -> None:
    store.append(a_batch(0, [an_entry(version=1)]))
    barrier = threading.Barrier(4)

    def read() -> None:
        barrier.wait()
        store.entries(0, 1)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kill_connections(database) >= 1
    for _ in range(8):
        assert len(store.entries(0, 10)) == 1
    assert store.body(0) is None


def test_waiting_goes_on_after_the_listening_connection_was_lost(database: TestDatabase, store: PostgresStore) -> None:
    store.append(a_batch(0, [an_entry(version=1)]))
    with PostgresStore.open(database.service) as other:
        assert other.wait_for(1, PATIENCE_SECONDS) == 1
        kill_connections(database)
        with pytest.raises(Unavailable):
            store.append(a_batch(1, [an_entry(version=2)]))
        store.append(a_batch(1, [an_entry(version=2)]))
        assert other.wait_for(2, PATIENCE_SECONDS) == 2


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        connect("host=/nonexistent dbname=ledger")


def test_a_statement_that_takes_too_long_is_unavailable_and_one_that_may_not_be_is_misconfigured(
    database: TestDatabase,
) -> None:
    with connect(database.superuser) as control:
        control.execute("ALTER ROLE ledger_service SET search_path = pg_catalog")
        control.execute("REVOKE SELECT ON ledger.tiles FROM ledger_service")
    with PostgresStore.open(database.service) as store:
        with pytest.raises(Misconfigured, match="permission denied"):
            store.tiles([(0, 0)])
        with connect(database.admin) as blocker, blocker.transaction():
            blocker.execute("LOCK TABLE ledger.vault IN ACCESS EXCLUSIVE MODE")
            with store._database.pool.connection() as connection:
                connection.execute("SET statement_timeout = 100")
            with pytest.raises(Unavailable):
                store.body(0)


def test_a_batch_of_a_thousand_entries_of_eight_kilobytes_goes_through(store: PostgresStore) -> None:
    filler = "x" * 8_000
    entries = [
        sealed(an_entry(f"local:test/{n % 100}", n // 100 + 1, text=filler), f"{n}{filler}".encode())
        for n in range(1_000)
    ]
    tiles = [Tile(0, number, bytes(8192)) for number in range(3)]
    store.append(a_batch(0, entries, tiles))
    assert [row.statement for row in store.entries(0, 1_000)] == [entry.statement for entry in entries]
    assert [row.body for row in store.entries(998, 2)] == [entries[998].body, entries[999].body]


def test_the_largest_statement_and_body_fit(store: PostgresStore) -> None:
    entry = replace(sealed(an_entry(), b"b" * 65_536), statement=b"s" * 65_535, leaf_hash=leaf_hash(b"s" * 65_535))
    store.append(a_batch(0, [entry]))
    (row,) = store.entries(0, 1)
    assert (row.statement, row.body) == (entry.statement, entry.body)


def test_a_lost_race_costs_no_connection(database: TestDatabase, store: PostgresStore) -> None:
    store.append(a_batch(0, [an_entry(version=1)]))
    writer = store._writer
    for _ in range(3):
        with pytest.raises(Raced):
            store.append(a_batch(0, [an_entry(version=2)]))
    assert store._writer is writer


def test_appends_of_any_size_share_one_prepared_statement(store: PostgresStore) -> None:
    size = 0
    for count in (1, 3, 40, 300, 2):
        entries = [an_entry(f"local:test/{size + n}") for n in range(count)]
        if count % 2:
            entries = [sealed(entry, entry.statement) for entry in entries]
        store.append(a_batch(size, entries))
        size += count
    assert store._writer is not None
    rows = store._writer.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH head%'")
    assert rows.fetchone() == (1,)


def test_a_reader_never_sees_a_part_of_a_batch(store: PostgresStore) -> None:
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            newest = store.latest()
            size = newest.tree_size if newest else 0
            seen.append((size, len(store.entries(0, 10_000))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for size in range(0, 400, 20):
        store.append(a_batch(size, [an_entry(f"local:test/{size}", version) for version in range(1, 21)]))
        if size in (0, 380):  # on one processor nobody may have looked yet
            eventually(lambda: seen and seen[-1][1] > size, "the watcher has seen it")  # noqa: B023
    done.set()
    watcher.join()
    assert all(entries % 20 == 0 and entries >= size for size, entries in seen)
    assert len({entries for _, entries in seen}) > 1


@pytest.mark.parametrize(
    ("name", "params", "index"),
    [
        ("stream", {"subject": "local:test/1", "after": 900, "size": 2**62, "most": 2**62}, "entries_pkey"),
        ("stream_indices", {"subject": "local:test/1", "after": 990, "limit": 5}, "entries_"),
        ("entries_at", {"numbers": [1, 500, 900]}, "entries_notification_id_key"),
        ("governing_entries", {"after": 0}, "entries_governing"),
        ("entries", {"start": 500, "stop": 510}, "entries_notification_id_key"),
        ("index_of_statement", (bytes(32),), "entries_leaf_hash"),
    ],
)
def test_hot_questions_are_answered_from_an_index(
    database: TestDatabase, store: PostgresStore, name: str, params: tuple[object, ...], index: str
) -> None:
    store.append(a_batch(0, [an_entry("local:test/1", version) for version in range(1, 1_001)]))
    with connect(database.admin) as connection:
        connection.execute("ANALYZE ledger.entries")
        cursor = psycopg.ClientCursor(connection)
        plan = "\n".join(
            row[0] for row in cursor.execute("EXPLAIN " + QUERIES[name].replace(")b", ")s").replace("%b", "%s"), params)
        )
    assert index in plan
    assert "Seq Scan on entries" not in plan


def test_a_pool_can_be_closed_twice_and_says_so_when_used_after(database: TestDatabase) -> None:
    pool = Database(database.service)
    pool.close()
    pool.close()
    with pytest.raises(Unavailable):
        pool.fetch("latest")
