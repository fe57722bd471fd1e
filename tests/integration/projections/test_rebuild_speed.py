"""How a rebuild compares with the least that it could cost: processes that only stream and decode the entries.

Measured in this process, in processor time: what a worker does is all that grows with the book, and neither other
load nor the starting of processes disturbs it.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger.limits import COLLECT_AFTER_OBJECTS
from ledger.reading.feed import Feed, to_recorded
from ledger.store.connect import connect
from ledger.store.copy_reader import copy_entries
from ledger.store.postgres import PostgresStore
from projections.engine.rebuild_worker import PartToFill, RebuildRun, begin_filling, fill_part
from projections.engine.schema import NEXT, create_tables, drop_tables, prepare
from projections.standing.policy_timeline import Rules
from tests.support.database import TestDatabase
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book

EVENTS = 20_000
FLOOR_SHARE_MIN = 1 / 3


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _campaign(book: Book) -> None:
    """Pledges of some thousand enterprises, then a year of complaints about them."""
    chance, enterprises = random.Random(1), EVENTS // 10
    for number in range(enterprises):
        book.register(f"local:test/{number:06d}", f"第{number}号有限公司")
        book.pledge(f"local:test/{number:06d}", number)
        if number % 300 == 299:
            book.commit()
    while book.size < EVENTS:
        for _ in range(500):
            outcome = say.outcome(
                str(book.today),
                reply=chance.choice(["timely", "timely", "timely", "late"]),
                ended="settled" if chance.random() < 0.95 else "refused",
            )
            book.add(f"local:test/{chance.randrange(enterprises):06d}", outcome)
        book.commit()
        book.today += timedelta(days=5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_rebuild_costs_at_most_three_times_its_reading(database: TestDatabase, store: PostgresStore) -> None:
    book = Book(store)
    book.charter()
    _campaign(book)
    prepare(database.service)
    filling = RebuildRun(database.service, Rules.none().after(Feed(store).governing()), book.size, "run")

    def floor() -> None:
        rows = copy_entries(database.service, 0, book.size)
        assert sum(len([to_recorded(row) for row in some]) for some in rows) == book.size

    def fill() -> None:
        with connect(database.service) as connection:
            begin_filling(connection, "run")
            drop_tables(connection, NEXT)
            create_tables(connection, NEXT)
        assert fill_part(filling, PartToFill(0, "", "")) > EVENTS - 10

    kept = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)  # as the workers of a rebuild have it
    try:
        least, spent = (min(_processor_seconds(work) for _ in range(4)) for work in (floor, fill))
    finally:
        gc.set_threshold(*kept)
    print(f"{book.size} entries: read in {least:.2f} s, derived in {spent:.2f} s of one processor: {least / spent:.2f}")
    assert least / spent >= FLOOR_SHARE_MIN
