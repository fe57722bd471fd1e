"""Batches made to cost the service more than they cost their sender are refused by their first bytes."""

from __future__ import annotations

import itertools
import threading
import time

import cbor2
import pytest

from ledger.cose.cbor import encode, head
from tests.e2e.book import Book, today
from tests.support.statements import registered

ANSWERED_SECONDS_MAX = 1.0


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
    waited: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            began = time.monotonic()
            book.get("/healthz")
            waited.append(time.monotonic() - began)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        began = time.monotonic()
        answer = book.http.post("/entries/batch", content=HOSTILE[name])
        seconds = time.monotonic() - began
    finally:
        done.set()
        watching.join()
    assert answer.status_code == 400, answer.text
    assert seconds < 10, "it was looked at, not decoded"
    assert max(waited) < ANSWERED_SECONDS_MAX


def test_a_whole_batch_is_refused_for_an_item_that_is_none_and_nothing_of_it_is_registered(book: Book) -> None:
    statement, _ = book.sign(registered(effective_on=today()), "local:test/batch")
    size = book.size()
    for wrong in (cbor2.dumps(1), cbor2.dumps([statement]), cbor2.dumps([statement, None, None]), b"\x5f\x41a\xff"):
        assert book.http.post("/entries/batch", content=cbor2.dumps(statement) + wrong).status_code == 400
    assert book.size() == size
    assert book.batch([(statement, None)])[0]["status"] == "registered"
