"""What was taken back is not told again by the past: neither by a history nor by a standing of an earlier book."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.reads import Reading
from projections.standing.policy_timeline import Rules
from projections.standing.standing_view import StandingView
from tests.support.database import TestDatabase
from tests.unit.projections.book import Book
from tests.unit.projections.stream import Stream
from tests.unit.projections.telling import tell

ONE = "local:test/one"


@pytest.mark.parametrize(
    ("said", "taken_back"),
    [
        (
            {"say": "FindingRecorded", "kind": "spot_check", "severity": "severe"},
            {"say": "FindingAnnulled", "annuls": "it"},
        ),
        ({"say": "PublicRecordCited", "kind": "serious_list"}, {"repudiate": "it"}),
        ({"say": "MarkMisuseFound", "by": "licensee"}, {"erase": "it"}),
    ],
)
def test_past_reasons_that_were_taken_back_are_said_to_be_closed_and_no_more(
    database: TestDatabase, store: PostgresStore, said: dict[str, Any], taken_back: dict[str, Any]
) -> None:
    book = Book(store)
    book.charter()
    book.register(ONE)
    entry = _add(book, {**said, "on": str(book.today)})
    size, day = book.size, book.today
    with Database(database.service, connections_max=2) as pool:
        feed = Feed(store)
        view = StandingView(Reading(pool), feed, lambda: Rules.none().after(feed.governing()))
        before = _past(view, size, day)
        named = before["reasons"] + before["holds"]
        assert named[0]["entry"] == entry and "rule_zh" in named[0]
        assert any("item" in why and why.get("entry") == entry for why in _whys(view, day))
        _add(book, {key: entry if value == "it" else value for key, value in taken_back.items()}, days=1)
        after = _past(view, size, book.today, day)
        assert after["reasons"] + after["holds"] == [{"entry": entry, "closed": True}]
        assert all(why.keys() == {"what", "entry", "closed"} for why in _whys(view, book.today) if "entry" in why)


def _add(book: Book, fact: dict[str, Any], *, days: int = 0) -> int:
    """Said on a day after today; its entry."""
    aside = Stream()
    tell(aside, {**fact, "on": str(book.today + timedelta(days=days))}, {})
    entry, _ = book.add(ONE, (aside.events[0].event, aside.events[0].sealed))  # type: ignore[arg-type]
    book.commit(book.today + timedelta(days=days))
    return entry


def _past(view: StandingView, size: int, today: date, day: date | None = None) -> Any:
    served = view.replay(ONE, day or today, tree_size=size, pinned=True, today=today)
    return msgspec.json.decode(served.body)


def _whys(view: StandingView, today: date) -> list[dict[str, Any]]:
    body, _ = view.history(ONE, today, None, 100)
    return [why for turn in msgspec.json.decode(body)["changes"] for why in turn["because"]]
