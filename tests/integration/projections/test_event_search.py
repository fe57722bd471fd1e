"""Events are found by any mixture of what one may ask for, in the order of the log, without reading past a page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from ledger.limits import LEAF_INDEX_ASKED_MAX
from ledger.store.connect import Database
from projections.db.queries import QUERIES
from projections.db.reads import Reading
from projections.engine.schema import prepare
from projections.search.event_search import EventHit, EventQuery, EventSearch, statement_for
from tests.support.database import TestDatabase

ROWS: Final = 60_000
RARE: Final = 7  # entries of the rare type by the frequent issuer, all of them old
READ_MAX: Final = 200  # rows that may be looked at for a page of 100


def _row(entry: int) -> EventHit:
    """Skewed as books are: one issuer says nearly everything, of two types; most subjects have few entries."""
    chance = random.Random(entry)
    subject = "uscc:LARGE" if entry % 6 == 0 else f"uscc:{chance.randrange(ROWS // 20):05d}"
    kind, issuer = ("PledgeMade" if entry % 2 else "PledgePublished"), "party:organizer"
    if entry % 500 == 3:
        issuer = f"party:{subject}"
    if entry % 3 == 0:
        kind, issuer = "ComplaintOutcomeRecorded", "party:handling-body"
    if entry < RARE * 10 and entry % 10 == 1:
        kind, issuer = "PledgeRevoked", "party:organizer"
    return EventHit(entry, subject, kind, issuer, 1_000_000 + entry // 4, entry % 3 == 0)


@pytest.fixture(scope="module")
def rows() -> list[EventHit]:
    return [_row(entry) for entry in range(ROWS)]


@pytest.fixture
def filled(database: TestDatabase, rows: list[EventHit]) -> Iterator[psycopg.Connection[Any]]:
    prepare(database.service)
    with psycopg.connect(database.service, autocommit=True) as connection:
        with connection.cursor() as cursor, cursor.copy("COPY projections.event_index FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("ANALYZE projections.event_index")
        yield connection


def _kept(rows: list[EventHit], query: EventQuery) -> list[EventHit]:
    """What the query means, by looking at every row."""
    return [
        row
        for row in reversed(rows)
        if query.subject in ("", row.subject)
        and query.type in ("", row.type)
        and query.issuer in ("", row.issuer)
        and (query.recorded_from is None or query.recorded_from <= row.recorded_at)
        and (query.recorded_until is None or row.recorded_at <= query.recorded_until)
        and (query.entry_from is None or query.entry_from <= row.entry)
        and (query.entry_until is None or row.entry <= query.entry_until)
        and (query.before is None or row.entry < query.before)
    ]


def test_a_page_holds_what_was_asked_for_and_pages_hold_all_of_it(
    filled: psycopg.Connection[Any], database: TestDatabase, rows: list[EventHit]
) -> None:
    chance = random.Random(1)
    with Database(database.service, connections_max=1) as pool:
        search = EventSearch(Reading(pool))
        for _ in range(60):
            one = chance.choice(rows)

            def some(value: Any, nothing: Any = "", share: float = 0.5) -> Any:
                return value if chance.random() < share else nothing

            query = EventQuery(
                subject=some(one.subject),
                type=some(one.type),
                issuer=some(one.issuer),
                recorded_from=some(one.recorded_at - 50, None, 0.3),
                recorded_until=some(one.recorded_at + 50, None, 0.3),
                entry_from=some(one.entry - 90, None, 0.3) if one.entry > 90 else None,
                entry_until=some(one.entry + 90, None, 0.3),
                before=some(one.entry + 9, None, 0.3),
            )
            assert search.page(query, 100).found == _kept(rows, query)[:100], query
        found, query = list[EventHit](), EventQuery(type="PledgeRevoked")
        page = search.page(query, 3)
        while True:
            found += page.found
            if page.cursor is None:
                break
            page = search.page(EventQuery(type="PledgeRevoked", before=page.cursor), 3)
        assert found == _kept(rows, query) and len(found) == RARE


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"subject": "uscc:00017"},
        {"subject": "uscc:LARGE"},
        {"type": "PledgeRevoked"},
        {"type": "PledgeMade"},
        {"issuer": "party:handling-body"},
        {"issuer": "party:uscc:LARGE"},
        {"issuer": "party:organizer", "type": "PledgeRevoked"},
        {"issuer": "party:handling-body", "type": "PledgeMade"},
        {"issuer": "party:nobody"},
        {"type": "PledgeMade", "first": 100, "last": 5_000},
    ],
    ids=str,
)
def test_a_page_is_read_from_an_index_and_nothing_is_scanned_for_it(
    filled: psycopg.Connection[Any], asked: dict[str, Any]
) -> None:
    given = {"subject": "", "type": "", "issuer": "", "first": 0, "last": LEAF_INDEX_ASKED_MAX, "limit": 101, **asked}
    named = {name: given[name] for name in ("subject", "type", "issuer")}
    query = f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES[statement_for(EventQuery(**named))]}".encode()
    ((plan,),) = filled.execute(query, given, prepare=False).fetchall()
    read = 0
    nodes = [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        assert node["Node Type"] != "Seq Scan", node
        if "Index" in node["Node Type"]:
            read += node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        nodes += node.get("Plans", [])
    assert read <= READ_MAX, plan
