"""`POST /entries` is answered below the framework: whoever asks cannot tell by which way the answer came."""

from __future__ import annotations

import re
import time
from itertools import cycle
from pathlib import Path

import pytest

from ledger.limits import METERS_LOOK_SECONDS, STATEMENT_BYTES_MAX
from tests.e2e.book import Book, open_book, today
from tests.e2e.both_ways import GENERAL, ask, connected, without_time_and_way
from tests.support.database import PostgresServer
from tests.support.raw_http import Said
from tests.support.statements import ENTERPRISE, registered
from tests.support.waiting import eventually


def post(statement: bytes, headers: str = "") -> bytes:
    return (
        f"POST /entries HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(statement)}\r\n\r\n".encode() + statement
    )


def new(book: Book, name: str) -> bytes:
    return book.sign(registered(effective_on=today()), f"local:test/{name}")[0]


def of_both_ways(book: Book, statement: bytes, headers: str = "") -> Said:
    """The answer, once it is seen to be the same by both ways."""
    (status, told, content), general = (
        ask(book, post(statement, headers)),
        ask(book, post(statement, headers + GENERAL)),
    )
    assert (status, content) == (general[0], general[2])
    assert without_time_and_way(told) == without_time_and_way(general[1])
    return Said(status, told, content)


def test_a_receipt_is_the_same_by_both_ways(book: Book) -> None:
    statement = new(book, "receipt")
    status, headers, receipt = ask(book, post(statement))
    assert (status, headers["content-type"]) == (201, "application/cose")
    assert of_both_ways(book, statement)[2] == receipt
    assert book.get(headers["location"]).content == receipt


@pytest.mark.parametrize("headers", ["", "Accept: application/json\r\n"])
def test_a_refusal_is_the_same_by_both_ways(book: Book, headers: str) -> None:
    good = new(book, "refused")
    for wrong in (good[:-1] + bytes([good[-1] ^ 1]), good[:-1], b"x", bytes(STATEMENT_BYTES_MAX + 1)):
        assert of_both_ways(book, wrong, headers)[0] in (400, 413)


def test_what_waits_for_its_release_is_told_so_by_both_ways(book: Book) -> None:
    book.campaign()
    book.enterprise(ENTERPRISE)
    owner = book.own_key(ENTERPRISE)
    pledge, _ = book.sign(book.made(scope="comprehensive"), ENTERPRISE, owner)
    assert of_both_ways(book, pledge)[0] == 303


def test_requests_sent_ahead_are_answered_in_order(book: Book) -> None:
    statements = [new(book, f"ahead-{number}") for number in range(3)]
    size = b"GET /checkpoint HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(book) as client:
        client.send(b"".join([post(statements[0]), size, post(statements[1]), post(statements[2])]))
        replies = [client.reply() for _ in range(4)]
    assert [status for status, _, _ in replies] == [201, 200, 201, 201]
    for statement, (_, _, receipt) in zip(statements, (replies[0], replies[2], replies[3]), strict=True):
        assert ask(book, post(statement))[2] == receipt


def test_a_request_may_come_in_pieces_and_in_any_form(book: Book) -> None:
    pieces = post(new(book, "pieces"))
    chunked = new(book, "chunked")
    head = b"POST /entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    expecting = post(new(book, "expecting"), "Expect: 100-continue\r\n")
    with connected(book) as client:
        client.send(pieces[:30], pieces[30:200], *(pieces[at : at + 100] for at in range(200, len(pieces), 100)))
        assert client.reply()[0] == 201
        client.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(chunked), chunked))
        assert client.reply()[0] == 201
        client.send(expecting)
        assert [client.reply()[0], client.reply()[0]] == [100, 201]


def test_the_connection_ends_when_the_client_wants_it(book: Book) -> None:
    for number, version in enumerate((b"1.1", b"1.0")):
        request = post(new(book, f"last-{number}"), "Connection: close\r\n").replace(b"HTTP/1.1", b"HTTP/" + version)
        with connected(book) as client:
            client.send(request)
            status, headers, _ = client.reply()
            assert (status, headers["connection"]) == (201, "close")
            assert client.ended()


def test_a_client_that_goes_leaves_the_others_their_answers(book: Book) -> None:
    for number in range(20):
        with connected(book) as client:
            client.send(post(new(book, f"gone-{number}")))
    assert ask(book, post(new(book, "stays")))[0] == 201
    assert "a defect" not in book.service.log.read_text()


def test_every_answer_is_counted_once(book: Book) -> None:
    def counted(status: int) -> float:
        found = re.search(rf'^ledger_requests_total{{path="/entries",status="{status}"}} (\S+)$', meters(), re.M)
        return float(found[1]) if found else 0.0

    def meters() -> str:
        time.sleep(METERS_LOOK_SECONDS)  # one reading serves all who ask meanwhile
        return book.http.get("/metrics").text

    before = counted(201), counted(400)
    statement = new(book, "counted")
    assert [ask(book, post(statement))[0], ask(book, post(statement, GENERAL))[0], ask(book, post(b"x"))[0]] == [
        201,
        201,
        400,
    ]
    assert (counted(201), counted(400)) == (before[0] + 2, before[1] + 1)


def test_both_ways_share_one_limit_and_a_forwarded_client_has_its_own(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    limits = ("--requests-per-second", "1", "--requests-burst", "4")
    with (
        postgres_server.database() as database,
        open_book(tmp_path, *limits, database=database.service) as book,
    ):
        began, asked, ways = time.monotonic(), [], cycle(("", GENERAL))

        def turned_away() -> bool:
            asked.append(ask(book, post(b"x", next(ways))))
            return asked[-1][0] == 429

        eventually(turned_away, "the limit is reached")
        let_in, told = len(asked) - 1, asked[-1][1]
        assert [status for status, _, _ in asked[:-1]] == [400] * let_in
        assert 4 <= let_in <= 5 + (time.monotonic() - began), "one of each way would be twice as many"
        assert asked[0][1]["ratelimit"].startswith('"client";r=3;')
        assert int(told["retry-after"]) > 0
        eventually(turned_away, "by the other way as well")
        assert ask(book, post(b"x", "X-Forwarded-For: 192.0.2.7\r\n"))[0] == 400
