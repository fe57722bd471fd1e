"""What the index of events costs a rebuild: with it, and with its rows and indexes left out, in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from unittest.mock import patch

from projections.db.queries import SCHEMA
from projections.engine import event_index, schema
from projections.engine.rebuild import rebuild
from projections.engine.tables import Rows
from tests.benchmarks.books import Bench, check
from tests.benchmarks.comparing import Ratio, compare

__all__ = ["event_indexing"]


def event_indexing(bench: Bench) -> Iterator[Ratio]:
    """In this process, whose work can be taken out; the database does its part as always."""
    book = bench.mixed()
    size = book.size()
    others = [one for one in SCHEMA["indexes"].split(";") if event_index.TABLE not in one]
    check(len(others) < SCHEMA["indexes"].count(";") + 1, "the index of events has no indexes")

    def with_it(_: int) -> float:
        began = time.perf_counter()
        check(rebuild(book.database.service, 0) == size, "entries are missing")
        return time.perf_counter() - began

    def without_it(number: int) -> float:
        lean = {**SCHEMA, "indexes": ";".join(others)}
        with patch.object(schema, "SCHEMA", lean), patch.object(Rows, "add_events", lambda self, events: None):
            return with_it(number)

    yield compare(
        f"rebuild of {size:,} entries with the index of events, one process",
        "without it",
        "s",
        floor=without_it,
        ours=with_it,
        rounds=bench.rounds(5),
        bound="at most",
        target=1.05,
    )
    with_it(0)  # what is left behind has it
