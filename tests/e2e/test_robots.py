"""`/robots.txt` and `/sitemap.xml`: what search engines may show, and that all of it is there."""

from __future__ import annotations

from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

from tests.e2e.book import Book
from tests.support.statements import ENTERPRISE


def test_pages_may_be_indexed_and_what_programs_and_searchers_get_may_not(book: Book) -> None:
    rules = RobotFileParser()
    rules.parse(book.get("/robots.txt").text.splitlines())
    for path in ("/", "/en", f"/e/{ENTERPRISE[5:]}", "/c/2026", "/verify"):
        assert rules.can_fetch("*", path), path
    for path in ("/v1/enterprises", "/entries/1", "/search?q=x", "/en/search?q=x", "/m/1"):
        assert not rules.can_fetch("*", path), path


def test_every_address_of_the_sitemap_is_there(book: Book) -> None:
    index = book.campaign()
    book.get(f"/v1/campaigns?min_tree_size={index + 1}")
    root = ElementTree.fromstring(book.get("/sitemap.xml").content)
    found = [one.text or "" for one in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert any(one.endswith("/en/c/2026") for one in found)
    for address in found:
        assert book.http.get("/" + address.partition("//")[2].partition("/")[2]).status_code == 200, address
