"""Batches made to cost the service more than they cost their sender are refused by their first bytes."""

from __future__ import annotations

import itertools
import threading

import cbor2
import psutil  # type: ignore[import-untyped]
import pytest

from ledger.cose.cbor import encode, head
from tests.e2e.book import Book, today
from tests.support.statements import registered
from tests.support.waiting import eventually

#: Of the processor: how long others wait beside it is the machine's speed.
LOOK_SECONDS_MAX = 1.0
_PAUSE_SECONDS = 0.02


def _permuted_keys(count: int) -> bytes:
    """One map whose keys are as many permutations of one map: each compared with all before it when it is decoded."""
    pairs = [encode(number) + encode(number) for number in range(7)]
    keys = itertools.islice((head(5, 7) + b"".join(order) for order in itertools.permutations(pairs)), count)
    return head(5, count) + b"".join(key + b"\0" for key in keys)


HOSTILE = {
    "permuted keys": _permuted_keys(4_000),
    "a flat array of 16 Mi": head(4, 16 * 1024 * 1024 - 5) + bytes(16 * 1024 * 1024 - 5),
    "an array of arrays": head(4, 2**20) + b"\x8f" * (15 * 2**20),
    "deep nesting": b"\x81" * (15 * 2**20),
    "a big number": b"\xc2" + head(2, 15 * 2**20) + b"\xff" * (15 * 2**20),
    "empty strings": b"\x40" * (16 * 2**20),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_others_are_answered_while_a_hostile_batch_is_refused(book: Book, name: str) -> None:
    service, answered, done = psutil.Process(book.service.pid), 0, threading.Event()

    def look() -> None:
        nonlocal answered
        while not done.wait(_PAUSE_SECONDS):
            book.get("/healthz")
            answered += 1

    watching = threading.Thread(target=look)
    watching.start()
    try:
        eventually(lambda: answered, "others are answered")
        before = service.cpu_times()
        answer = book.http.post("/entries/batch", content=HOSTILE[name])
        after = service.cpu_times()
    finally:
        done.set()
        watching.join()
    assert answer.status_code == 400, answer.text
    spent = after.user + after.system - before.user - before.system
    assert spent < LOOK_SECONDS_MAX, "it was looked at, not decoded: nobody else waits for longer"


def test_a_whole_batch_is_refused_for_an_item_that_is_none_and_nothing_of_it_is_registered(book: Book) -> None:
    statement, _ = book.sign(registered(effective_on=today()), "local:test/batch")
    size = book.size()
    for wrong in (cbor2.dumps(1), cbor2.dumps([statement]), cbor2.dumps([statement, None, None]), b"\x5f\x41a\xff"):
        assert book.http.post("/entries/batch", content=cbor2.dumps(statement) + wrong).status_code == 400
    assert book.size() == size
    assert book.batch([(statement, None)])[0]["status"] == "registered"
