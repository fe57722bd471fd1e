"""A dump of all standings: whole, of one state of the read models, in memory that does not grow with them."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

import api.routes.dumps
from api.http.errors import TooManyRequests
from ledger.errors import Busy
from ledger.limits import DUMP_PAGE_STANDINGS, DUMPS_MAX
from ledger.reading.feed import Feed
from ledger.store.connect import Database, connect
from ledger.store.postgres import PostgresStore
from projections.db.read_snapshot import ReadSnapshot
from projections.db.reads import Reading
from projections.engine.schema import prepare
from projections.standing.evaluate import Case
from projections.standing.facts import Facts
from projections.standing.policy_timeline import Rules
from projections.standing.render import render
from projections.standing.standing_dump import StandingDump
from projections.standing.standing_view import StandingView
from tests.support.database import TestDatabase

TODAY = date(2026, 3, 20)


@contextmanager
def opened(database: TestDatabase) -> Iterator[StandingDump]:
    with PostgresStore.open(database.service) as store, Database(database.service, connections_max=1) as pool:
        view = StandingView(Reading(pool), Feed(store), Rules.none)
        with ReadSnapshot(database.service) as snapshot:
            yield StandingDump(snapshot, view, Rules.none(), TODAY)


def fill(database: TestDatabase, count: int, padding: int = 0) -> None:
    """Standings of `count` made-up enterprises, each with a segment that is over, one that holds, one to come."""
    prepare(database.service)
    body = render(Case((), Facts("uscc:SUBJECT")).on(TODAY), None)
    with connect(database.service) as connection:
        connection.execute(
            "INSERT INTO projections.standing_segments (subject, from_on, until_on, level, body, etag) "
            "SELECT 'uscc:' || lpad(n::text, 18, '0'), d.from_on, d.until_on, 'UNRATED', "
            "convert_to(replace(%s, 'SUBJECT', lpad(n::text, 18, '0') || d.mark) || repeat(' ', %s::int), 'UTF8'), "
            "d.mark "
            "FROM generate_series(1, %s::int) n, "
            "(VALUES (%s::date, %s::date, 'old'), (%s, %s, 'now'), (%s, NULL, 'next')) "
            "AS d (from_on, until_on, mark)",
            (
                body.decode(), padding, count, TODAY - timedelta(days=90), TODAY, TODAY, TODAY + timedelta(days=9),
                TODAY + timedelta(days=9),
            ),
        )  # fmt: skip
        connection.execute("ANALYZE projections.standing_segments")


def test_every_enterprise_is_in_it_once_with_the_standing_of_the_day(database: TestDatabase) -> None:
    count = DUMP_PAGE_STANDINGS * 2
    fill(database, count)
    with opened(database) as dump:
        head, *lines, end = b"".join(dump.lines()).splitlines()
    assert json.loads(head) == {"as_of": "2026-03-20", "kind": "standings", "policy_entry": None, "tree_size": 0}
    assert json.loads(end) == {"count": count, "end": True}
    standings = [json.loads(line) for line in lines]
    assert [one["subject"] for one in standings] == [f"uscc:{number:018}now" for number in range(1, count + 1)]
    assert all(one["in_book"] is True for one in standings)


def test_what_is_written_while_it_is_read_is_not_in_it(database: TestDatabase) -> None:
    fill(database, DUMP_PAGE_STANDINGS + 1)
    with opened(database) as dump:
        lines = dump.lines()
        first = next(lines) + next(lines)
        with connect(database.service) as connection:
            connection.execute("DELETE FROM projections.standing_segments")
        whole = first + b"".join(lines)
    assert whole.count(b"\n") == DUMP_PAGE_STANDINGS + 3


def test_memory_does_not_grow_with_the_number_of_standings(database: TestDatabase) -> None:
    fill(database, DUMP_PAGE_STANDINGS * 12, padding=1_000)
    peaks = []
    with opened(database) as dump:
        tracemalloc.start()
        try:
            total = 0
            for place, piece in enumerate(dump.lines()):
                total += len(piece)
                if place == 3:
                    peaks.append(tracemalloc.get_traced_memory()[1])
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert total > 8 * peaks[1] / 3, "there is more of it than was ever in memory"
    assert peaks[1] < peaks[0] * 1.5


def test_a_client_has_one_dump_at_a_time_and_all_together_a_few() -> None:
    progress = SimpleNamespace(size=7, rules=Rules.none)
    service = SimpleNamespace(progress=progress, today=lambda: TODAY, require_current=lambda: None)
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "client": ("192.0.2.1", 1),
        "app": SimpleNamespace(state=SimpleNamespace(service=service)),
    }  # fmt: skip
    under_way = cast(set[str], api.routes.dumps._UNDER_WAY)
    try:
        under_way.add("192.0.2.1")
        with pytest.raises(TooManyRequests):
            asyncio.run(api.routes.dumps.standings(Request(scope)))
        under_way.clear()
        under_way.update(f"198.51.100.{number}" for number in range(DUMPS_MAX))
        with pytest.raises(Busy):
            asyncio.run(api.routes.dumps.standings(Request(scope)))
    finally:
        under_way.clear()
