"""What a phone fetches to see a page for the first time: the page, its style, its icon, its scripts with their imports.

What a script asks for only when somebody needs it (`import()`: the verifier, with the first file) is not counted there,
and stated apart.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest

from tests.e2e.book import Book
from tests.support.statements import ENTERPRISE

BYTES_MAX = 60_000
WHOLE_BYTES_MAX = 115_000
IMPORTS = re.compile(r'from "(\./[^"]+)"')
ANY_IMPORT = re.compile(r'(?:from |import\()"(\./[^"]+)"')
ASSETS = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def pages(book: Book) -> tuple[Book, list[str]]:
    """One of each kind."""
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


def test_the_first_load_of_the_verifiers_page_is_under_60_kilobytes_and_all_of_it_under_115(book: Book) -> None:
    """As browsers ask for it, compressed. The rest comes when the page stands already: with the first file, or when the
    worker keeps everything for use without network."""
    for path in ("/verify", "/en/verify"):
        page = book.get(path)
        assets = set(ASSETS.findall(page.text))
        first, later = modules(book, assets)
        assert any(name.endswith("/certificate.js") for name in later), "the verifier itself is loaded later"
        size = len(page.content) + sum(transferred(book, asset) for asset in assets | first)
        whole = size + sum(transferred(book, asset) for asset in later)
        assert size < BYTES_MAX, f"{path}: {size} bytes"
        assert whole < WHOLE_BYTES_MAX, f"{path}: {whole} bytes in all"


def test_the_first_load_of_a_page_that_signs_is_under_60_kilobytes(book: Book) -> None:
    for path in ("/desk/key", "/en/desk/key", "/desk/sign-in", "/en/desk/sign-in"):
        page = book.get(path)
        assets = set(ASSETS.findall(page.text))
        first, later = modules(book, assets)
        size = len(page.content) + sum(transferred(book, asset) for asset in assets | first | later)
        assert size < BYTES_MAX, f"{path}: {size} bytes"


def modules(book: Book, scripts: set[str]) -> tuple[set[str], set[str]]:
    """What the scripts of a page import at once, themselves included, and what only `import()` brings."""

    def reached(start: set[str], pattern: re.Pattern[str]) -> set[str]:
        found, ahead = set(), {one for one in start if one.endswith(".js")}
        while ahead:
            one = ahead.pop()
            found.add(one)
            text = book.get(one).text
            ahead |= {urljoin(one, name) for name in pattern.findall(text)} - found
        return found

    first = reached(scripts, IMPORTS)
    return first, reached(first, ANY_IMPORT) - first


def transferred(book: Book, asset: str) -> int:
    """The bytes of a file as they go over the wire to a browser."""
    with book.http.stream("GET", asset, headers={"Accept-Encoding": "gzip, deflate, br"}) as answer:
        assert answer.headers["content-encoding"] == "gzip", asset
        return sum(len(piece) for piece in answer.iter_raw())
