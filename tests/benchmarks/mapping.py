"""The completeness map with a hundred thousand and with a million subjects: what an update costs, how long proofs are.

Subjects are synthetic: the map sees keys and leaf hashes only. Everything runs over the tables, in PostgreSQL, through
the map's own code.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from statistics import mean

import psycopg

from ledger.domain.state.completeness_map import MapRoot
from ledger.store.connect import Database, connect
from ledger.store.contract import LeafRow
from ledger.tlog.prefix import ABSENT, verify_in_map
from projections.completeness.map_tables import MapTables, prepare_map
from projections.completeness.map_view import MapView
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare
from tests.support.database import TestDatabase

__all__ = ["mapping"]

CHANGED = 1_000
FILL_AT_ONCE = 200_000
PROOFS = 2_000


@dataclass
class Filled:
    """A map of so many subjects; `size` entries were taken in."""

    database: TestDatabase
    subjects: int
    size: int = 0
    fill_seconds: float = 0.0

    def take(self, numbers: range | list[int]) -> float:
        """One more entry for each of these subjects, in one durable transaction; the seconds that it took."""
        leaves = [
            LeafRow(self.size + at, f"local:bench/{number}", sha256(b"%d" % (self.size + at)).digest())
            for at, number in enumerate(numbers)
        ]
        tables = MapTables()
        with connect(self.database.service) as connection:
            connection.execute("SET statement_timeout = 0")
            began = time.perf_counter()
            with connection.transaction():
                tables.begin(connection, self.size + len(leaves), self.size > 0)
                tables.advance(connection, tables.state(connection), leaves)
            seconds = time.perf_counter() - began
        self.size += len(leaves)
        return seconds

    def proofs(self) -> tuple[str, float]:
        """Sizes of the proofs of some subjects, and of some that are not there, all verified; ms to make one."""
        rng = random.Random(2)
        there = [f"local:bench/{rng.randrange(self.subjects)}" for _ in range(PROOFS)]
        absent = [f"local:absent/{number}" for number in range(PROOFS)]
        with Database(self.database.service, connections_max=1) as pool:
            view = MapView(pool)
            state = view.cut()
            check(state is not None and state.subjects == self.subjects, "subjects are missing in the map")
            assert state is not None
            root = MapRoot(0, state.size, state.root, state.subjects)
            began = time.perf_counter()
            _, made = view.proofs([*there, *absent], [root])
            seconds = time.perf_counter() - began
        sizes = []
        for subject in (*there, *absent):
            value = verify_in_map(subject, root.root, made[subject])
            check((value == ABSENT) == subject.startswith("local:absent/"), f"a false proof of {subject}")
            sizes.append(sum(len(one) for one in made[subject].siblings) + (72 if made[subject].found else 0))
        return f"proofs of {mean(sizes):,.0f} bytes ({max(sizes):,} at most)", 1_000 * seconds / len(sizes)

    def tables(self) -> str:
        with psycopg.connect(self.database.service) as connection:
            row = connection.execute(
                "SELECT count(*), sum(octet_length(page)), pg_total_relation_size('projections.map_pages') "
                "FROM projections.map_pages"
            ).fetchone()
        assert row is not None
        return f"{row[0]:,} pages of {row[1] / row[0]:,.0f} bytes, {row[2] / 2**20:,.0f} MiB with indexes"


def mapping(bench: Bench) -> Iterator[Ratio]:
    """An update of 1,000 subjects among a million, against one among a hundred thousand: a level of pages more."""
    small, large = (_filled(bench, bench.of(count)) for count in (100_000, 1_000_000))
    rng = random.Random(3)

    def change(book: Filled) -> float:
        return 1_000 * book.take(rng.sample(range(book.subjects), CHANGED))

    def memory(book: Filled) -> float:
        """The most that one more update holds at once, in MiB; slow, and therefore not timed."""
        tracemalloc.start()
        change(book)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / 2**20

    def note() -> str:
        said = []
        for book in (small, large):
            sizes, ms = book.proofs()
            said.append(
                f"{book.subjects:,} subjects: {sizes}, made in {ms:.2f} ms, {book.tables()}, filled at "
                f"{book.subjects / book.fill_seconds:,.0f} subjects per s, an update holds {memory(book):.1f} MiB"
            )
        return "; ".join(said)

    yield compare(
        f"completeness map, {CHANGED:,} changed subjects of {large.subjects:,}",
        f"the same of {small.subjects:,}",
        "ms",
        floor=lambda _: change(small),
        ours=lambda _: change(large),
        rounds=bench.rounds(),
        bound="at most",
        target=3.0,
        note=note,
    )


def _filled(bench: Bench, subjects: int) -> Filled:
    book = Filled(bench.migrated(), subjects)
    prepare_map(book.database.service)
    for start in range(0, subjects, FILL_AT_ONCE):
        book.fill_seconds += book.take(range(start, min(subjects, start + FILL_AT_ONCE)))
    return book
