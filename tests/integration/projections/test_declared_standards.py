"""The section and the rows of declared standards: the current version in full, all of them by their entries."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.events.repudiation import StatementRepudiated
from ledger.domain.values.subject import is_enterprise
from ledger.reading.feed import Feed
from ledger.store.postgres import PostgresStore
from projections.engine.enterprise_rows import EnterpriseRows, portray
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from projections.standing.level_history import follow
from projections.standing.policy_timeline import Rules
from tests.integration.projections.test_read_models import catch_up, differences, rows
from tests.support.book import Book
from tests.support.database import TestDatabase
from tests.support.standards import INDICATOR, NUMBER, PRODUCT, abolished, declared, noted, revised
from tests.support.statements import ENTERPRISE, TODAY, speaker_of
from tests.unit.projections.book import Book as StoredBook

OWNER = speaker_of(ENTERPRISE)
EARLIER = TODAY - timedelta(days=9)


@pytest.fixture
def book() -> Book:
    return Book().with_enterprise()


def say(book: Book, event: Any) -> int:
    return book.say(event, by=OWNER).index


def portrait(book: Book) -> EnterpriseRows:
    rules = Rules.none().after(at for at in book.events if not is_enterprise(at.subject))
    followed = follow(None, [at for at in book.events if at.subject == ENTERPRISE], rules, len(book.events))
    assert followed is not None
    return portray(followed.course, rules)


def section(book: Book) -> Any:
    (row,) = [row for row in portrait(book).sections if row.section == "standards"]
    assert row.until_on is None, "nothing changes by time alone"
    return json.loads(row.value)


def versions(book: Book) -> dict[int, Any]:
    (table,) = [further["standards"] for further in portrait(book).further if "standards" in further]
    return {row[1]: json.loads(row[8]) for row in table}


def test_the_current_version_is_shown_in_full_with_all_versions_in_short(book: Book) -> None:
    first = say(book, declared(effective_on=EARLIER))
    second = say(book, revised(first, number="Q/CSGD 003-2026", title="第二版"))
    (shown,) = section(book)
    assert (shown["entry"], shown["number"], shown["title"], shown["state"]) == (
        second,
        "Q/CSGD 003-2026",
        "第二版",
        "current",
    )
    assert shown["products"][0]["barcode"] == PRODUCT.barcode
    assert shown["indicators"][0]["method"] == INDICATOR.method
    assert shown["versions"] == [
        {"entry": first, "number": NUMBER, "on": str(EARLIER), "state": "revised"},
        {"entry": second, "number": "Q/CSGD 003-2026", "on": str(TODAY), "state": "current"},
    ]


def test_every_version_has_a_row_that_keeps_its_content(book: Book) -> None:
    first = say(book, declared(effective_on=EARLIER))
    before = versions(book)[first]
    second = say(book, revised(first, title="第二版"))
    end = say(book, abolished(second, reason="停产"))
    found = versions(book)
    changed = {key for key in before if found[first][key] != before[key]}
    assert changed == {"state", "abolished"}
    assert (found[first]["state"], found[second]["state"]) == ("revised", "abolished")
    assert found[second]["abolished"]["entry"] == end


def test_a_disowned_revision_gives_the_place_back(book: Book) -> None:
    first = say(book, declared(effective_on=EARLIER))
    second = say(book, revised(first))
    by = book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=second, word="误报")).index
    (shown,) = section(book)
    assert (shown["entry"], shown["state"]) == (first, "current")
    assert [one["state"] for one in shown["versions"]] == ["current", "repudiated"]
    stub = versions(book)[second]
    assert stub["repudiated_by"] == by
    assert "title" not in stub


def test_a_note_leaves_with_the_version_that_it_is_about(book: Book) -> None:
    first = say(book, declared(effective_on=EARLIER))
    note = book.say(noted(first)).index
    assert [one["entry"] for one in section(book)[0]["notes"]] == [note]
    say(book, revised(first))
    assert section(book)[0]["notes"] == []
    assert versions(book)[first]["notes"] == []


def test_a_note_changes_no_level_and_adds_no_point(book: Book) -> None:
    entry = say(book, declared(effective_on=EARLIER))
    before = [level for level, _ in portrait(book).standing]
    book.say(noted(entry))
    assert [level for level, _ in portrait(book).standing] == before


def test_a_rebuild_gives_the_rows_that_following_gave(database: TestDatabase, store: PostgresStore) -> None:
    prepare(database.service)
    book = StoredBook(store)
    book.charter()
    runner = Runner(Feed(store), database.service)
    try:
        for number in range(3):
            subject = f"local:test/{number}"
            book.register(subject)
            first, _ = book.add(subject, (declared(effective_on=book.today), False))
            book.commit()
            catch_up(runner)
            book.add(subject, (noted(first, effective_on=book.today), True))
            book.add(subject, (revised(first, effective_on=book.today), False))
            book.commit()
            catch_up(runner)
        followed = rows(database)
        assert len(followed["standards"]) == 6
        rebuild(database.service)
        assert differences(followed, rows(database)) == []
    finally:
        runner.stop()
