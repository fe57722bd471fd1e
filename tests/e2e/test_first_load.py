"""What a phone fetches to see a page for the first time: the page, its style, its scripts and its icon."""

from __future__ import annotations

import re

import pytest

from tests.e2e.book import Book
from tests.support.statements import ENTERPRISE

BYTES_MAX = 60_000
ASSETS = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def pages(book: Book) -> tuple[Book, list[str]]:
    """One of each kind but `/verify`, whose program is what it is for."""
    book.campaign()
    book.enterprise(ENTERPRISE)
    _, last, code = book.pledge(ENTERPRISE, serial=1)
    book.get(f"/v1/enterprises?min_tree_size={last + 1}")
    paths = ["/", "/search?q=示例", f"/e/{ENTERPRISE[5:]}", f"/p/{code}", "/c/2026", "/s"]
    return book, [*paths, "/how", "/help", "/data", "/figures"]


def test_the_first_load_of_every_page_is_under_60_kilobytes_uncompressed(pages: tuple[Book, list[str]]) -> None:
    book, paths = pages
    for path in (*paths, *(f"/en{path}".rstrip("/") for path in paths)):
        page = book.get(path)
        assets = set(ASSETS.findall(page.text))
        assert assets, path
        size = len(page.content) + sum(len(book.get(asset).content) for asset in assets)
        assert size < BYTES_MAX, f"{path}: {size} bytes"
