"""The map's tables over a real database: cuts, proofs under the published root, rebuilds, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.enterprise import EnterpriseSized
from ledger.errors import NotFound
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.prefix import ABSENT, verify_in_map
from projections.completeness import map_runner as runner_module
from projections.completeness.map_rebuild import rebuild_map
from projections.completeness.map_runner import MapRunner
from projections.completeness.map_tables import MapState, MapTables, prepare_map
from projections.completeness.map_view import MapView
from tests.support.database import TestDatabase
from tests.support.naive_map import naive_root, naive_value
from tests.unit.projections.book import Book

HOUR = 3_600


@dataclass
class MapBook:
    """A book whose map is made step by step; `now` is a clock that the test moves."""

    store: PostgresStore
    conninfo: str
    view: MapView
    book: Book
    runner: MapRunner
    now: list[int]
    names: int = 0

    def grow(self, entries: int, *, new: bool = True) -> None:
        """Further entries, each of a subject of its own, or of those that are there."""
        for _ in range(entries):
            name = f"local:test/{self.names}"
            self.book.add(name, (registered(self.book.today), False))
            self.names += 1 if new else 0
        self.book.commit()

    def cut(self) -> MapState:
        """Step until nothing is left to do."""
        self.now[0] += 2 * HOUR
        while self.runner.step():
            pass
        state = self.view.cut()
        assert state is not None
        return state

    def publish(self, state: MapState | None = None) -> int:
        """Say the newest cut's root in the stream `map`; the index of the entry."""
        state = state or self.view.cut()
        assert state is not None
        event = MapRootPublished(
            v=1, effective_on=self.book.today, root=state.root.hex(), tree_size=state.size, subjects=state.subjects
        )
        index, _ = self.book.add("map", (event, False))
        self.book.commit()
        return index

    def streams(self, size: int) -> dict[str, list[tuple[int, bytes]]]:
        found: dict[str, list[tuple[int, bytes]]] = {}
        for row in self.store.entries(0, size):
            found.setdefault(row.subject, []).append((row.index, leaf_hash(row.statement)))
        return found

    def assert_proved(self, size: int) -> None:
        """Proofs are served under the root of this size, of everybody, and of who is not there."""
        streams = self.streams(size)
        asked = [*streams, "local:test/nobody", "uscc:91350100M0001TGQXM"]
        root, proofs = self.view.proofs(asked, Feed(self.store).map_roots())
        assert root.tree_size == size and root.root == naive_root(streams) and root.subjects == len(streams)
        for subject in asked:
            expected = naive_value(streams[subject]) if subject in streams else ABSENT
            assert verify_in_map(subject, root.root, proofs[subject]) == expected

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in them."""
        with psycopg.connect(self.conninfo) as connection:
            return {
                table: connection.execute(f"SELECT * FROM projections.{table} ORDER BY 1").fetchall()
                for table in ("map_pages", "map_kept", "map_state")
            }


def registered(on: date) -> EnterpriseSized:
    return EnterpriseSized(v=1, effective_on=on, size_band="small", size_source="年报")


@pytest.fixture
def book(database: TestDatabase, store: PostgresStore) -> Iterator[MapBook]:
    prepare_map(database.service)
    book, now = Book(store), [1_900_000_000]
    book.charter()
    with Database(database.service, connections_max=2) as pool:
        runner = MapRunner(store, database.service, lambda: now[0], interval_seconds=HOUR, step_max=37)
        yield MapBook(store, database.service, MapView(pool), book, runner, now)
        runner.__exit__()


def test_a_cut_holds_the_whole_log_up_to_its_size(book: MapBook) -> None:
    book.grow(150)
    state = book.cut()
    streams = book.streams(state.size)
    assert state.size == book.store.latest().tree_size  # type: ignore[union-attr]
    assert (state.root, state.subjects) == (naive_root(streams), len(streams))


def test_proofs_are_of_the_published_root_while_newer_entries_come_in(book: MapBook) -> None:
    book.grow(100)
    with pytest.raises(NotFound):
        book.view.proofs(["local:test/1"], Feed(book.store).map_roots())
    first = book.cut()
    book.publish()
    book.assert_proved(first.size)
    for _ in range(3):  # cuts that nobody publishes
        book.grow(80)
        book.grow(20, new=False)
        assert book.cut().size > first.size
        book.assert_proved(first.size)
    second = book.cut()
    book.publish()
    book.assert_proved(second.size)
    book.grow(40)
    book.cut()
    book.assert_proved(second.size)


def test_proofs_are_served_in_the_middle_of_a_cut(book: MapBook) -> None:
    book.grow(100)
    first = book.cut()
    book.publish()
    book.grow(200)
    book.now[0] += 2 * HOUR
    assert book.runner.step() and book.view.cut() is None
    book.assert_proved(first.size)


def test_a_root_that_is_not_the_map_s_is_not_served(book: MapBook) -> None:
    book.grow(10)
    state = book.cut()
    book.publish(state._replace(root=b"\7" * 32))
    with pytest.raises(NotFound):
        book.view.proofs(["local:test/1"], Feed(book.store).map_roots())
    book.grow(10)
    book.cut()
    with pytest.raises(NotFound):
        book.view.proofs(["local:test/1"], Feed(book.store).map_roots())


@pytest.mark.parametrize("published", [False, True])
def test_a_rebuild_gives_the_same_bytes(book: MapBook, published: bool) -> None:
    for round_ in range(4):
        book.grow(90)
        book.grow(10, new=False)
        book.cut()
        if published and round_ == 1:
            book.publish()
    before = book.tables()
    assert before["map_pages"] and bool(before["map_kept"]) is published
    size = rebuild_map(book.conninfo, step_max=1_000)
    assert book.tables() == before and size == before["map_state"][0][1]
    book.grow(50)
    book.cut()  # and it goes on from there
    assert book.view.cut().root == naive_root(book.streams(book.view.cut().size))  # type: ignore[union-attr]


def test_what_a_crash_in_the_middle_leaves_is_gone_on_with(book: MapBook, monkeypatch: pytest.MonkeyPatch) -> None:
    book.grow(50)
    book.cut()
    book.publish()
    book.grow(200)
    book.now[0] += 2 * HOUR
    assert book.runner.step()
    half = book.tables()

    def crash(*_: Any, **__: Any) -> None:
        real(*_, **__)
        raise RuntimeError("the power is gone")

    real = runner_module.go_on
    monkeypatch.setattr(runner_module, "go_on", crash)
    with pytest.raises(RuntimeError):
        book.runner.step()
    monkeypatch.undo()
    assert book.tables() == half  # nothing of the step
    after = MapRunner(book.store, book.conninfo, lambda: 0, step_max=61)  # goes on, though no cut is due
    while after.step():
        pass
    state = book.view.cut()
    assert state is not None and state.target == half["map_state"][0][2]
    assert state.root == naive_root(book.streams(state.size))
    uninterrupted = book.tables()
    rebuild_map(book.conninfo)
    assert book.tables() == uninterrupted
    after.__exit__()


def test_cuts_are_made_at_the_interval_and_only_where_something_changed(book: MapBook) -> None:
    book.grow(5)
    state = book.cut()
    book.publish()
    book.now[0] += 10 * HOUR
    assert not book.runner.step()  # nothing but the root itself
    book.grow(1)
    checkpoint = book.store.checkpoint_covering(state.size - 1)
    assert checkpoint is not None
    book.now[0] = checkpoint.recorded_at + HOUR - 1
    assert not book.runner.step()
    book.now[0] += 1
    assert book.runner.step()


def test_only_one_of_two_processes_writes(book: MapBook) -> None:
    book.grow(5)
    book.now[0] += 2 * HOUR
    with psycopg.connect(book.conninfo) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (runner_module.LOCK,))
        assert not book.runner.step()
        other.execute("SELECT pg_advisory_unlock(%s)", (runner_module.LOCK,))
        assert book.runner.step()


def test_tables_of_another_shape_are_made_anew(book: MapBook) -> None:
    book.grow(5)
    book.cut()
    with psycopg.connect(book.conninfo, autocommit=True) as connection:
        connection.execute("UPDATE projections.map_state SET shape = 0")
        prepare_map(book.conninfo)
        assert MapTables().state(connection).size == 0
    assert book.cut().root == naive_root(book.streams(book.view.cut().size))  # type: ignore[union-attr]


def test_a_service_can_start_while_the_map_is_rebuilt(book: MapBook) -> None:
    with psycopg.connect(book.conninfo) as rebuilding:
        rebuilding.execute("SELECT pg_advisory_lock(%s)", (runner_module.LOCK,))
        prepare_map(book.conninfo)  # which would give up at the limit for locks, if it waited for one
