"""What a connection may cost: heads, bodies and silence are bounded; odd but honest clients are served all the same."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from api.http.connections import Connections
from ledger.limits import (
    BODY_SECONDS_MAX,
    CONNECTIONS_PER_CLIENT_MAX,
    HEAD_BYTES_MAX,
    HEAD_SECONDS_MAX,
    LINGER_SECONDS_MAX,
    REQUEST_BYTES_MAX,
    UNREAD_SECONDS_MAX,
)
from tests.e2e.book import Book, chartered, today
from tests.support.database import PostgresServer
from tests.support.raw_http import Raw, raw
from tests.support.running import COMMAND
from tests.support.statements import registered
from tests.support.waiting import eventually

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def url(book: Book) -> httpx.URL:
    return book.http.base_url


def new(book: Book, name: str) -> bytes:
    return book.sign(registered(effective_on=today()), f"local:test/{name}")[0]


def post(statement: bytes, headers: str = "Host: x\r\n", version: str = "1.1") -> bytes:
    head = f"POST /entries HTTP/{version}\r\n{headers}Content-Length: {len(statement)}\r\n\r\n"
    return head.encode() + statement


def memory(book: Book) -> int:
    bytes_: int = psutil.Process(book.service.pid).memory_info().rss
    return bytes_


# Heads


@pytest.mark.parametrize(
    "lines",
    [[b"X: " + b"a" * HEAD_BYTES_MAX], [b"X-%d: %s" % (number, b"a" * 1_000) for number in range(80)]],
    ids=["one header", "many"],
)
def test_a_head_of_more_than_64_kib_is_431_and_the_end(url: httpx.URL, lines: list[bytes]) -> None:
    with raw(url) as client:
        client.send(GET + b"\r\n".join(lines) + b"\r\n\r\n")
        said = client.reply()
        assert (said.status, said.headers["connection"]) == (431, "close")
        assert client.ended()


def test_a_head_just_below_the_bound_is_read(url: httpx.URL) -> None:
    rest = HEAD_BYTES_MAX - len(GET) - len(b"X: \r\n\r\n")
    with raw(url) as client:
        client.send(GET + b"X: " + b"a" * rest + b"\r\n\r\n")
        assert client.reply().status == 200


def test_headers_without_end_take_no_memory(book: Book, url: httpx.URL) -> None:
    before = memory(book)
    for piece in (b"X: y\r\n" * 10_000, b"a" * 60_000):
        with raw(url) as client, suppress(OSError):  # it may be cut off, or all may be thrown away
            client.send(GET, *[piece] * 3_000)
    assert memory(book) - before < 40 * 2**20
    assert book.get("/healthz").content == b"ok\n"


@pytest.fixture(scope="module")
def untaking(book: Book) -> Iterator[tuple[Raw, int, float]]:
    """A client that takes nothing of its answers, the service's memory before, and when it stopped (monotonic).

    It waits while the slow senders below do: theirs and its time pass together.
    """
    before = memory(book)
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with raw(book.http.base_url) as client:
        client.socket.settimeout(1)
        with suppress(TimeoutError):
            client.send(*[asked] * 3_000)
        yield client, before, time.monotonic()


@pytest.mark.usefixtures("untaking")
def test_silence_and_trickles_end_within_the_deadline_of_a_head(book: Book, url: httpx.URL) -> None:
    with ExitStack() as stack:
        silent, half, trickling, blank = (stack.enter_context(raw(url)) for _ in range(4))
        half.send(b"GET /healthz HTT")
        trickling.send(GET + b"X: ")
        _trickle({trickling: b"a", blank: b"\r\n"}, HEAD_SECONDS_MAX + 2)
        assert [half.reply().status, trickling.reply().status] == [408, 408]
        for client in (silent, half, trickling, blank):
            client.socket.settimeout(LINGER_SECONDS_MAX + 3)
        assert all(client.ended() for client in (silent, half, trickling, blank))


@pytest.mark.slow
def test_a_body_that_does_not_come_ends_within_its_deadline(url: httpx.URL) -> None:
    with raw(url) as half, raw(url) as trickling, raw(url) as chunked:
        half.send(b"POST /bodies HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        trickling.send(b"POST /bodies HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        chunked.send(b"POST /entries/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        _trickle({trickling: b"a", chunked: b"1\r\na\r\n"}, BODY_SECONDS_MAX + 2)
        assert half.reply().status == 408
        assert [client.reply().status for client in (trickling, chunked)] == [408, 408]


@pytest.mark.slow
def test_a_client_that_takes_nothing_of_its_answers_is_cut_off(book: Book, untaking: tuple[Raw, int, float]) -> None:
    client, before, stopped = untaking
    time.sleep(max(0.0, stopped + UNREAD_SECONDS_MAX + 4 - time.monotonic()))
    client.socket.settimeout(60)
    read = 0
    with suppress(ConnectionResetError):
        while piece := client.socket.recv(2**20):
            read += len(piece)
    assert 0 < read < 3_000 * len(book.get("/openapi.json").content), "it was not left to wait for ever"
    assert memory(book) - before < 40 * 2**20


def test_a_body_beyond_all_bounds_is_413_without_being_read(book: Book, url: httpx.URL) -> None:
    before = memory(book)
    with raw(url) as client:
        client.send(b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (REQUEST_BYTES_MAX + 1))
        assert client.reply().status == 413
    with raw(url) as client:
        client.send(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.reply().status == 405  # and what comes after is thrown away
        client.send(*[b"%x\r\n%s\r\n" % (2**20, bytes(2**20))] * 40)
        assert client.ended()
    assert memory(book) - before < 40 * 2**20


def test_whoever_sends_a_refused_body_to_its_end_gets_the_answer_and_may_go_on(url: httpx.URL) -> None:
    too_much = [b"%x\r\n%s\r\n" % (2**16, bytes(2**16))] * 20  # of what /bodies takes twenty times less
    with raw(url) as client:
        client.send(b"POST /bodies HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", *too_much)
        assert client.reply().status == 413
        client.send(*too_much, b"0\r\n\r\n", GET, b"\r\n")
        assert client.reply().status == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_whoever_asked_for_the_end_gets_the_answer_to_a_refused_body_first(url: httpx.URL, version: str) -> None:
    with raw(url) as client:
        client.send(b"POST /bodies HTTP/%b\r\nHost: x\r\nConnection: close\r\n" % version.encode())
        client.send(b"Content-Length: %d\r\n\r\n" % 2**24, *[bytes(2**20)] * 15)
        assert client.reply().status == 413
        client.send(bytes(2**19))
        assert client.ended()


def _trickle(pieces: dict[Raw, bytes], seconds: float) -> None:
    """Send each client's piece once a second."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for client, piece in pieces.items():
            with suppress(OSError):
                client.send(piece)
        time.sleep(1)


# Odd but honest


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("offer", ["h2c", "websocket", "TLS/1.0"])
def test_an_offer_to_upgrade_is_ignored_and_the_statement_registered(
    book: Book, url: httpx.URL, offer: str, *, split: bool
) -> None:
    """As the HTTP client of Java 11 and later sends by default."""
    statement = new(book, f"upgrade-{offer[:3]}-{split}")
    headers = f"Connection: Upgrade, HTTP2-Settings\r\nHost: x\r\nHTTP2-Settings: AAEAAEAA\r\nUpgrade: {offer}\r\n"
    request = post(statement, headers)
    with raw(url) as client:
        if split:
            client.send(request[: -len(statement)])
            time.sleep(0.2)
            client.send(statement[:50])
            time.sleep(0.2)
            client.send(statement[50:])
        else:
            client.send(request)
        assert client.reply().status == 201
        client.send(GET + b"\r\n")
        assert client.reply().content == b"ok\n"


@pytest.mark.parametrize(
    ("headers", "version", "status"),
    [
        ("", "1.1", 400),
        ("Host: x\r\nHost: x\r\n", "1.1", 400),
        ("Host: x\r\nHost: y\r\n", "1.0", 400),
        ("Host:\r\n", "1.1", 201),
        ("", "1.0", 201),
        ("Host: x\r\n", "2.0", 505),
    ],
)
def test_a_request_names_its_host_once(book: Book, url: httpx.URL, headers: str, version: str, status: int) -> None:
    statement = new(book, f"host-{len(headers)}-{version}")
    with raw(url) as client:
        client.send(post(statement, headers, version))
        said = client.reply()
    assert said.status == status, said
    if status != 201:
        assert said.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers", ["Host: x\r\n", "Host: x\r\nOrigin: https://example.org\r\n"], ids=["hot", "general"]
)
def test_whoever_finishes_sending_still_gets_the_answer(book: Book, url: httpx.URL, headers: str) -> None:
    """`nc -N`, and clients of old: the whole request, then FIN."""
    with raw(url) as client:
        client.send(post(new(book, f"half-{len(headers)}"), headers))
        client.finish()
        assert client.reply().status == 201
        assert client.ended()
    with raw(url) as client:
        client.send(post(new(book, f"half-two-{len(headers)}"), headers) + GET + b"\r\n")
        client.finish()
        assert [client.reply().status, client.reply().status] == [201, 200]
        assert client.ended()
    with raw(url) as client:
        client.send(post(new(book, "half-cut"), headers)[:-1])
        client.finish()
        assert client.ended()


def test_many_requests_sent_ahead_are_all_answered_in_order(book: Book, url: httpx.URL) -> None:
    statements = [new(book, f"many-{number}") for number in range(40)]
    with raw(url) as client:
        client.send(b"".join(post(one) + GET + b"\r\n" for one in statements))
        said = [client.reply() for _ in range(80)]
    assert [one.status for one in said] == [201, 200] * 40
    assert [one.content for one in said[1::2]] == [b"ok\n"] * 40
    assert len({one.headers["location"] for one in said[::2]}) == 40


@pytest.mark.parametrize("cut", [None, 1, 2, 3, 4])
def test_what_is_sent_ahead_after_a_chunked_body_is_answered_wherever_the_pieces_are_cut(
    book: Book, url: httpx.URL, cut: int | None
) -> None:
    statement = new(book, f"after-chunked-{cut}")
    body = b"%x\r\n%s\r\n4\r\n\r\n\r\n\r\n0\r\nX-Trailer: x\r\n\r\n" % (
        len(statement),
        statement,
    )  # four bytes too many
    head = b"POST /entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    after = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with raw(url) as client:
        if cut is None:
            client.send(head + body + after)
        else:
            client.send(head + body[:-cut])
            time.sleep(0.05)
            client.send(body[-cut:] + after + GET)
            time.sleep(0.05)
            client.send(b"\r\n")
        assert [client.reply().status, client.reply().status] == [400, 200]
        if cut is not None:
            assert client.reply().status == 200


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"g / \r\n"]
)
def test_what_is_not_http_is_told_so_at_once(url: httpx.URL, sent: bytes) -> None:
    with raw(url, seconds=8) as client:
        client.send(sent)
        assert client.reply().status in (400, 505)
        assert client.ended()


# How many


def test_one_client_with_all_its_connections_keeps_nobody_else_out(book: Book, url: httpx.URL) -> None:
    with ExitStack() as stack:
        held: list[Raw] = []
        for _ in range(CONNECTIONS_PER_CLIENT_MAX + 40):
            held.append(stack.enter_context(raw(url, source="127.0.0.2")))
        told = [client.reply() for client in held[-3:]]
        assert [(one.status, one.headers["retry-after"]) for one in told] == [(503, "5")] * 3
        with raw(url, source="127.0.0.3") as other:
            other.send(GET + b"\r\n")
            assert other.reply().status == 200

    def back() -> bool:
        with raw(url, source="127.0.0.2") as again:
            again.send(GET + b"\r\n")
            return again.reply().status == 200

    eventually(back, "its connections are counted no more")


def test_a_full_service_lets_go_of_the_idle_ones_of_whoever_has_most() -> None:
    class Held:
        def __init__(self, *, idle: bool = True) -> None:
            self.idle, self.ended = idle, False

        def check(self, now: float) -> None: ...

        def end(self) -> None:
            self.ended = True

    bounds = Connections((), total_max=6, per_client_max=5)
    busy, *crowd = [Held(idle=False), *(Held() for _ in range(4))]
    assert all(bounds.admit(one, "192.0.2.1") for one in (busy, *crowd))
    assert not bounds.admit(Held(), "192.0.2.1"), "more than one client may have"
    assert bounds.admit(Held(), "192.0.2.2")
    assert bounds.admit(Held(), "2001:db8::1"), "room is made"
    assert [one.ended for one in (busy, *crowd)] == [False, True, False, False, False]
    bounds.leave(crowd[0])
    assert bounds.admit(Held(), "2001:db8::2")
    assert crowd[1].ended
    assert not bounds.admit(Held(), "2001:db8::3"), "one /64 is one client, and has as many as the other now"
    proxied = Connections(("10.0.0.1",), total_max=6, per_client_max=1)
    assert all(proxied.admit(Held(), "10.0.0.1") for _ in range(6))


def test_few_descriptors_lock_nobody_out(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """300 silent connections against a process that may have 256 descriptors."""
    with (
        postgres_server.database() as database,
        chartered(tmp_path, database=database.service, descriptors_max=256) as service,
    ):
        url = httpx.URL(service.url)
        with ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(raw(url, source="127.0.0.2"))
            for _ in range(3):
                with raw(url, source="127.0.0.3", seconds=5) as other:
                    other.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert other.reply().status == 200


def test_a_taken_port_is_told_before_anything_is_started(book: Book, tmp_path: Path) -> None:
    port = str(book.service.port)
    command = [COMMAND, "serve", "--demo", "0", "--port", port, "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_newcomers_are_taken_in_all_at_once(url: httpx.URL) -> None:
    """200 connections that come at the same moment are answered together, not one for each turn of the loop."""
    with ExitStack() as stack:
        clients = [stack.enter_context(raw(url)) for _ in range(200)]
        for client in clients:
            client.send(GET + b"\r\n")
        assert {client.reply().status for client in clients} == {200}
