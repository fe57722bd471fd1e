"""Searching as people type: a table of queries over a book of invented names, and what is promised beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.errors import Malformed
from ledger.limits import SEARCH_QUERY_CHARS_MAX
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.reads import Reading
from projections.engine.projecting_process import lean
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from projections.search.search_view import SearchView
from tests.support.database import PostgresServer
from tests.support.waiting import eventually
from tests.unit.projections import stream as say
from tests.unit.projections.book import Book

HERE = Path(__file__).parent
WITHIN = 20  # a page, as the service answers it unasked


def table(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.split(" |")] for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True)
class Asked:
    typed: str
    name: str
    place: int
    matched: str


QUERIES = [Asked(typed, name, int(place), matched) for typed, name, place, matched in table("search_queries.txt")]


@pytest.fixture(scope="module")
def search(postgres_server: PostgresServer) -> Iterator[SearchView]:
    with postgres_server.database() as database, PostgresStore.open(database.service) as store:
        book = Book(store)
        book.charter()
        for id_or_code, name, former in table("search_names.txt"):
            local = id_or_code.startswith("local:")
            subject = id_or_code if local else f"uscc:{id_or_code}"
            book.register(subject, former or name)
            if former:
                book.add(subject, say.renamed("2026-01-03", name))
        book.commit()
        prepare(database.service)
        runner = Runner(Feed(store, lean), database.service)
        eventually(lambda: not (runner.step() or runner.behind), "the end of the log")
        with Database(database.service, connections_max=2) as pool:
            yield SearchView(Reading(pool))
        runner.stop()


@pytest.mark.parametrize("asked", QUERIES, ids=lambda asked: asked.typed)
def test_what_people_type_finds_whom_they_look_for_at_its_place_and_says_why(search: SearchView, asked: Asked) -> None:
    found = search.search(asked.typed, limit=WITHIN).found
    names = [one.name for one in found]
    assert asked.name in names
    place = names.index(asked.name) + 1
    assert (place, found[place - 1].matched) == (asked.place, asked.matched)


def test_the_table_in_the_documents_is_the_one_that_is_asked_here() -> None:
    page = Path("docs/search.md").read_text("utf-8")
    said = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    assert [(typed.strip("`"), name, int(now), why) for typed, name, _, now, why in said] == [
        (one.typed, one.name, one.place, one.matched) for one in QUERIES
    ]


@pytest.mark.parametrize("typed", ["（）", "...", " · ", "\u200b"])
def test_brackets_dots_and_invisible_characters_alone_find_nobody(search: SearchView, typed: str) -> None:
    assert search.search(typed).found == []


def test_nothing_typed_lists_everybody_without_a_reason(search: SearchView) -> None:
    found = search.search(" ", limit=100).found
    assert len(found) == len(table("search_names.txt"))
    assert {one.matched for one in found} == {None}


@pytest.mark.parametrize("typed", ["公司", "weijing", "wj", "杭州 味境", "91", "深圳", "盐水鸦食品"])
def test_pages_give_everybody_once_and_in_the_same_order_as_one_long_page(search: SearchView, typed: str) -> None:
    whole = search.search(typed, limit=100)
    assert whole.found
    assert whole.cursor == ""
    paged, cursor = [], ""
    while True:
        page = search.search(typed, limit=1, cursor=cursor)
        paged += page.found
        cursor = page.cursor
        if not cursor:
            break
    assert paged == whole.found
    assert len({one.subject for one in paged}) == len(paged)


def test_a_former_name_that_matched_is_told(search: SearchView) -> None:
    (found,) = search.search("小厨娘").found
    assert (found.name, found.former_name) == ("杭州味境科技有限公司", "杭州小厨娘餐饮有限公司")


def test_two_slips_or_one_in_a_name_of_three_characters_find_nobody(search: SearchView) -> None:
    assert search.search("杭洲味镜科技").found == []
    assert search.search("盐水鸦").found == []


def test_a_query_that_is_too_long_is_refused_and_not_repeated(search: SearchView) -> None:
    typed = "甲" * (SEARCH_QUERY_CHARS_MAX + 1)
    with pytest.raises(Malformed) as refused:
        search.search(typed)
    assert "甲" not in str(refused.value)
