"""Waiting costs no thread: whoever follows the feed, or waits for a size, is in nobody's way."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from ledger.limits import STREAMS_PER_CLIENT_MAX, TREE_SIZE_WAIT_SECONDS_MAX
from tests.e2e.book import Book
from tests.support.raw_http import Raw, raw
from tests.support.statements import ENTERPRISE
from tests.support.waiting import PATIENCE_SECONDS, eventually

FOLLOW = b"GET /v1/events?after=%d HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
ANSWERED_SECONDS_MAX = 1.0


@pytest.fixture(scope="module")
def world(book: Book) -> Book:
    book.campaign()
    book.enterprise(ENTERPRISE)
    standing = f"/v1/enterprises/{ENTERPRISE[5:]}/standing"
    eventually(lambda: book.http.get(standing).json().get("in_book"), "the read models have come to it")
    return book


def slowest(book: Book, seconds: float = 2.0) -> float:
    """The longest that another client waits for what is asked most, and for whether the service lives."""
    worst, until = 0.0, time.monotonic() + seconds
    with httpx.Client(base_url=book.service.url, timeout=30) as client:
        client.get("/healthz")
        while time.monotonic() < until:
            for path in ("/healthz", "/readyz", f"/v1/enterprises/{ENTERPRISE[5:]}/standing", "/entries/0"):
                began = time.monotonic()
                assert client.get(path).status_code == 200, path
                worst = max(worst, time.monotonic() - began)
    return worst


def test_hundreds_of_idle_followers_are_in_nobodys_way_and_hear_of_what_comes(world: Book) -> None:
    url, size = world.http.base_url, world.size()
    process = psutil.Process(world.service.pid)
    slowest(world, 1)
    threads = process.num_threads()
    with ExitStack() as stack:
        followers: list[Raw] = []
        for number in range(380):
            source = f"127.0.1.{1 + number // STREAMS_PER_CLIENT_MAX}"
            follower = stack.enter_context(raw(url, source=source))
            follower.send(FOLLOW % (size - 1))
            followers.append(follower)
        for follower in followers:
            assert follower.reply().headers["content-type"].startswith("text/event-stream")
        eventually(lambda: slowest(world) < ANSWERED_SECONDS_MAX, "they are in nobody's way")
        assert process.num_threads() <= threads + 8, "a few for what is read, none for who waits"
        index = world.enterprise("local:test/heard-of")
        assert index == size
        for follower in followers:
            assert _heard(follower, index), "everybody is told of what came"


def _heard(follower: Raw, index: int) -> bool:
    """Whether the entry comes on a stream."""
    follower.socket.settimeout(0.5)
    until, said = time.monotonic() + PATIENCE_SECONDS, b""
    while time.monotonic() < until:
        try:
            said += follower.socket.recv(65_536)
        except TimeoutError:
            continue
        if b"id: %d\n" % index in said:
            return True
    return False


def test_one_client_has_so_many_streams_and_others_still_have_theirs(world: Book) -> None:
    url, size = world.http.base_url, world.size()
    with ExitStack() as stack:
        for _ in range(STREAMS_PER_CLIENT_MAX):
            follower = stack.enter_context(raw(url, source="127.0.2.1"))
            follower.send(FOLLOW % (size - 1))
            assert follower.reply().status == 200
        with raw(url, source="127.0.2.1") as more, raw(url, source="127.0.2.2") as other:
            for client, status in ((more, 429), (other, 200)):
                client.send(FOLLOW % (size - 1))
                assert client.reply().status == status

    def back() -> bool:
        with raw(url, source="127.0.2.1") as again:
            again.send(FOLLOW % (size - 1))
            return again.reply().status == 200

    eventually(back, "turns come back when streams end")


def test_a_size_beyond_the_log_is_answered_at_once_and_one_that_comes_when_it_is_there(world: Book) -> None:
    path = f"/v1/enterprises/{ENTERPRISE[5:]}/standing"
    done = threading.Event()
    waited: list[float] = []

    def look() -> None:
        while not done.is_set():
            waited.append(slowest(world, 0.2))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        with ThreadPoolExecutor(40) as pool, httpx.Client(base_url=world.service.url, timeout=30) as client:
            asked = [pool.submit(client.get, path, params={"min_tree_size": 999_999_999}) for _ in range(200)]
            answers = [one.result() for one in asked]
    finally:
        done.set()
        watching.join()
    assert {answer.status_code for answer in answers} == {422}
    assert all("entries" in answer.json()["title_en"] for answer in answers)
    quickest = min(answer.elapsed.total_seconds() for answer in answers)
    assert quickest < TREE_SIZE_WAIT_SECONDS_MAX, "what cannot come is not waited for"
    assert sorted(waited)[len(waited) // 2] < ANSWERED_SECONDS_MAX
    index = world.enterprise("local:test/waited-for")
    answer = eventually(
        lambda: (got := world.http.get(path, params={"min_tree_size": index + 1})).status_code == 200 and got,
        "what was just written is read",
    )
    assert int(answer.headers["ledger-tree-size"]) > index
