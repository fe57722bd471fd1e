"""`/s?q=` and `/s/{enterprise}/{entry}`: who declared a standard, and what each version says."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ledger.domain.events.declaration import Product
from tests.e2e.book import Book, today
from tests.support.standards import NUMBER, abolished, declared, revised
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]


class World(NamedTuple):
    book: Book
    first: int
    second: int


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    """A standard in two versions, the first with a product of which only the name is known."""
    book.enterprise(ENTERPRISE, name="示例电器有限公司")
    owner = book.own_key(ENTERPRISE)
    bare = (Product(name="水壶<b>甲</b>"),)
    first = book.register(declared(effective_on=today(), products=bare), ENTERPRISE, owner)
    text = {"effective_on": today(), "number": "Q/CSGD 003-2026", "title": "第二版"}
    second = book.register(revised(first, **text), ENTERPRISE, owner)
    book.get(f"/v1/standards?min_tree_size={second + 1}")
    return World(book, first, second)


@pytest.mark.parametrize("typed", [NUMBER, "q/csgd003-2018", "Ｑ／ＣＳＧＤ　003－2018"])
def test_a_standard_is_found_by_its_number_as_people_type_it(world: World, typed: str) -> None:
    text = world.book.get("/s", params={"q": typed}).text
    assert f'<a href="/s/{CODE}/{world.first}"><code>{NUMBER}</code>' in text
    assert f'<a href="/e/{CODE}">示例电器有限公司</a>' in text


def test_an_old_version_says_that_it_is_old_and_leads_to_the_new_one(world: World) -> None:
    old = world.book.get(f"/s/{CODE}/{world.first}").text
    assert "这是旧版" in old
    assert "水壶&lt;b&gt;甲" in old
    assert f'href="/s/{CODE}/{world.second}"' in old
    new = world.book.get(f"/en/s/{CODE}/{world.second}").text
    assert "old version" not in new
    assert f'href="/en/s/{CODE}/{world.first}"' in new
    assert "≤ 0.25 mA" in new
    assert f'href="/s/{CODE}/{world.second}"' in world.book.get(f"/e/{CODE}").text


def test_an_abolished_standard_says_since_when_and_why(world: World) -> None:
    owner = world.book.own_key(OTHER_ENTERPRISE)
    world.book.enterprise(OTHER_ENTERPRISE)
    declaration = world.book.register(declared(effective_on=today()), OTHER_ENTERPRISE, owner)
    end = world.book.register(abolished(declaration, effective_on=today(), reason="停产<i>"), OTHER_ENTERPRISE, owner)
    world.book.get(f"/v1/standards?min_tree_size={end + 1}")
    text = world.book.get(f"/s/{OTHER}/{declaration}").text
    assert f"企业于 {today()} 废止" in text
    assert "停产&lt;i&gt;" in text


def test_what_is_no_version_is_a_page_that_says_so(world: World) -> None:
    for path, status in (
        (f"/s/{CODE}/0", 404),
        (f"/s/{OTHER}/{world.first}", 404),
        (f"/s/{CODE}/x", 422),
        (f"/s/{CODE}/{'9' * 30}", 422),
        ("/s?q=Q&cursor=x", 422),
    ):
        answer = world.book.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
    assert "没有企业声明这个编号" in world.book.get("/s", params={"q": "GB/T 1-1999"}).text
    assert "没有企业声明这个编号" not in world.book.get("/s").text


def test_an_id_in_another_form_leads_to_the_page(world: World) -> None:
    answer = world.book.http.get(f"/en/s/{CODE.lower()}/{world.first}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/en/s/{CODE}/{world.first}")
