"""`/e/{id}.atom`: each entry once, under an id that stays, newest first, and nothing of what is closed."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from ledger.limits import FEED_ENTRIES_MAX
from tests.e2e.book import Book, today
from tests.support.charter import ORIGIN
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def told(book: Book) -> tuple[Book, list[int]]:
    book.campaign()
    first = book.enterprise(ENTERPRISE, name="示例<b>红川</b>食品有限公司")
    made, published, _ = book.pledge(ENTERPRISE, serial=1)
    book.get(f"/v1/enterprises?min_tree_size={published + 1}")
    return book, [published, made, first]


def feed(book: Book, path: str) -> Element:
    answer = book.get(path)
    assert answer.headers["content-type"] == "application/atom+xml"
    return ElementTree.fromstring(answer.content)


def ids(of: Element) -> list[str | None]:
    return [one.text for one in of.findall("a:entry/a:id", ATOM)]


def test_the_newest_entry_comes_first_under_an_id_of_origin_and_leaf_index(told: tuple[Book, list[int]]) -> None:
    book, indices = told
    found = feed(book, f"/e/{CODE}.atom")
    host, _, rest = ORIGIN.partition("/")
    days = {one["recorded_at"][:10] for one in book.get(f"/v1/enterprises/{CODE}/events").json()["events"]}
    (day,) = days
    assert ids(found) == [f"tag:{host},{day}:{rest}/entries/{index}" for index in indices]
    assert found.findtext("a:entry/a:link", None, ATOM) is not None
    updated = [one.text for one in found.findall("a:entry/a:updated", ATOM)]
    assert found.findtext("a:updated", None, ATOM) == updated[0]
    assert (found.findtext("a:title", "", ATOM)).startswith("示例<b>红川</b>食品有限公司 · ")


def test_both_languages_are_feeds_of_their_own_of_the_same_entries(told: tuple[Book, list[int]]) -> None:
    book, _ = told
    chinese, english = feed(book, f"/e/{CODE}.atom"), feed(book, f"/en/e/{CODE}.atom")
    assert ids(chinese) == ids(english)
    assert chinese.findtext("a:id", None, ATOM) != english.findtext("a:id", None, ATOM)
    assert english.findtext("a:entry/a:title", None, ATOM) == "Pledge published"


def test_the_page_names_its_feed_and_what_is_not_there_has_none(told: tuple[Book, list[int]]) -> None:
    book, indices = told
    book.get(f"/v1/enterprises?min_tree_size={indices[0] + 1}")
    link = f'<link rel="alternate" type="application/atom+xml" href="/en/e/{CODE}.atom">'
    assert link in book.get(f"/en/e/{CODE}").text
    assert book.http.get(f"/e/{OTHER}.atom").status_code == 404
    assert book.http.get(f"/e/{CODE.lower()}.atom").headers["location"] == f"/e/{CODE}.atom"


def test_a_long_stream_shows_its_newest_entries_and_the_feed_keeps_its_id(told: tuple[Book, list[int]]) -> None:
    book, _ = told
    before = feed(book, f"/e/{CODE}.atom").findtext("a:id", None, ATOM)
    owner, last = book.own_key(ENTERPRISE), 0
    for number in range(FEED_ENTRIES_MAX):
        last = book.register(declared(effective_on=today(), number=f"Q/CSGD {number:03}-2020"), ENTERPRISE, owner)
    after = feed(book, f"/e/{CODE}.atom")
    assert len(ids(after)) == FEED_ENTRIES_MAX
    assert str(ids(after)[0]).endswith(f"/entries/{last}")
    assert after.findtext("a:id", None, ATOM) == before
