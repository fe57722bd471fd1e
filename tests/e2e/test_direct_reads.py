"""Current standings and full files of the log are answered below the framework: nobody can tell by which way."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from ledger.limits import METERS_LOOK_SECONDS
from tests.e2e.book import Book, open_book
from tests.e2e.both_ways import GENERAL, ask, connected, get, read_both_ways
from tests.support.database import PostgresServer
from tests.support.projected import await_projected

KNOWN = "/v1/enterprises/local~test~direct/standing"
PAGE = "/e/local~test~direct"


@pytest.fixture(scope="module", autouse=True)
def _projected(book: Book) -> None:
    book.enterprise("local:test/direct")
    await_projected(str(book.http.base_url))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (KNOWN, 200),
        ("/v1/enterprises/local:test/direct/standing", 404),
        ("/v1/enterprises/local%7Etest%7Edirect/standing", 200),
        (KNOWN + "?as_of=2026-01-01", 200),
        (KNOWN + "?", 200),
        (KNOWN + "?asof=2026-01-01", 422),
        (KNOWN + "/", 404),
        ("/v1/enterprises/local~test~nobody/standing", 200),
        ("/v1/enterprises/91110000600037341L/standing", 200),
        ("/v1/enterprises/91110000600037341l/standing", 200),
        ("/v1/enterprises/911100006000373410/standing", 422),
        ("/v1/enterprises/11010519491231002X/standing", 422),
        ("/v1/enterprises/nothing/standing", 422),
        ("/v1/enterprises//standing", 422),
        ("/tile/entries/000", 404),
        ("/m/nothing", 404),
        ("/m/BBBBB-BBBBB", 404),
        ("/m/no%20mark", 404),
        (PAGE, 200),
        ("/en" + PAGE, 200),
        (PAGE + "?", 200),
        (PAGE + "?asked=1", 200),
        ("/e/local%7Etest%7Edirect", 200),
        ("/e/local~test~nobody", 200),
        ("/fr" + PAGE, 404),
    ],
)
def test_a_reading_is_the_same_by_both_ways(book: Book, path: str, status: int) -> None:
    assert read_both_ways(book, path)[0] == status


@pytest.mark.parametrize("path", [KNOWN, PAGE])
def test_who_has_it_already_is_told_so_by_both_ways(book: Book, path: str) -> None:
    tag = read_both_ways(book, path)[1]["etag"]
    for field in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        status, told, content = read_both_ways(book, path, f"If-None-Match: {field}\r\n")
        assert (status, told["etag"], content) == (304, tag, b"")
        assert not {"content-type", "content-length"} & told.keys()
    for field in ('"other"', "nonsense", tag.strip('"')):
        assert read_both_ways(book, path, f"If-None-Match: {field}\r\n")[0] == 200


def test_a_kept_page_costs_its_client_what_every_page_costs(postgres_server: PostgresServer, tmp_path: Path) -> None:
    limits = ("--requests-per-second", "1", "--requests-burst", "100")
    with (
        postgres_server.database() as database,
        open_book(tmp_path, *limits, database=database.service) as book,
    ):
        book.enterprise("local:test/direct")
        await_projected(str(book.http.base_url))

        def left(path: str, way: str) -> int:
            found = re.search(r"r=(\d+)", ask(book, get(path, way))[1]["ratelimit"])
            assert found
            return int(found[1])

        before, began = left(PAGE, ""), time.monotonic()  # drawn; the others are kept
        rests = [left(path, way) for path in (PAGE, KNOWN) for way in ("", GENERAL) for _ in range(2)]
        given_back = int(time.monotonic() - began) + 1
        for rest, taken in zip(rests, (10, 20, 30, 40, 41, 42, 43, 44), strict=True):
            assert before - taken <= rest <= before - taken + given_back


def test_one_connection_may_ask_in_turns_for_all_kinds(book: Book) -> None:
    tag = ask(book, get(KNOWN))[1]["etag"]
    signed = "Accept: application/cose\r\n"
    requests = [
        (get(KNOWN), 200, "application/json"),
        (get(KNOWN), 200, "application/json"),
        (get(KNOWN, f"If-None-Match: {tag}\r\n"), 304, None),
        (get(KNOWN, signed), 200, "application/cose"),
        (get(KNOWN, signed), 200, "application/cose"),
        (get(KNOWN), 200, "application/json"),
        (get("/v1/enterprises/local~test~other/standing"), 200, "application/json"),
        (get("/checkpoint"), 200, "text/plain; charset=utf-8"),
        (get(KNOWN).replace(b"GET", b"HEAD"), 200, "application/json"),
        (get(KNOWN), 200, "application/json"),
        (get(KNOWN, "Content-Length: 3\r\n") + b"abc", 200, "application/json"),
        (get(KNOWN).replace(b"GET", b"PUT"), 405, "application/problem+json"),
    ]
    with connected(book) as client:
        for request, status, kind in requests:
            client.send(request)
            told = client.reply(head=request.startswith(b"HEAD"))
            assert (told[0], told[1].get("content-type")) == (status, kind), request
    with connected(book) as client:
        client.send(b"".join(request for request, _, _ in requests if not request.startswith(b"HEAD")))
        for request, status, _ in requests:
            if not request.startswith(b"HEAD"):
                assert client.reply()[0] == status, request


def test_what_is_in_memory_is_let_go_when_it_is_no_longer_so(book: Book) -> None:
    path = "/v1/enterprises/local~test~new/standing"
    before = read_both_ways(book, path)
    assert b'"in_book":false' in before[2]
    book.enterprise("local:test/new")
    await_projected(str(book.http.base_url))
    after = read_both_ways(book, path)
    assert b'"in_book":true' in after[2]
    assert int(after[1]["ledger-tree-size"]) > int(before[1]["ledger-tree-size"])
    book.campaign()
    await_projected(str(book.http.base_url))
    again = read_both_ways(book, path)
    assert (again[2], again[1]["etag"]) == (after[2], after[1]["etag"])
    assert int(again[1]["ledger-tree-size"]) > int(after[1]["ledger-tree-size"])


def test_every_reading_is_counted_once(book: Book) -> None:
    def counted(status: int, label: str = "/v1/enterprises") -> float:
        time.sleep(METERS_LOOK_SECONDS)  # one reading serves all who ask meanwhile
        pattern = rf'^ledger_requests_total{{path="{label}",status="{status}"}} (\S+)$'
        found = re.search(pattern, book.http.get("/metrics").text, re.M)
        return float(found[1]) if found else 0.0

    tag = ask(book, get(KNOWN))[1]["etag"]
    before = counted(200), counted(304), counted(422)
    ask(book, get(KNOWN))
    ask(book, get(KNOWN, f"If-None-Match: {tag}\r\n"))
    ask(book, get("/v1/enterprises/nothing/standing"))
    assert (counted(200), counted(304), counted(422)) == (before[0] + 1, before[1] + 1, before[2] + 1)
    ask(book, get(PAGE))
    pages = counted(200, "other")
    ask(book, get(PAGE))
    assert counted(200, "other") == pages + 1
