"""What the client promises a program, whatever the service at the other end says."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator

import cbor2
import httpx
import pytest

from api.client.client import Client, RegisteredEntry, Waiting
from api.http.errors import problem_of, problem_response
from ledger.errors import (
    AlreadyRegistered,
    Busy,
    LedgerError,
    Malformed,
    NotFound,
    Refused,
    Refuted,
    Unavailable,
    Uncheckable,
)
from ledger.limits import BATCH_STATEMENTS_MAX, IMPORT_ANSWER_BYTES_MAX

STATEMENT = b"\xd2\x84 a statement"
RECEIPT = b"\xd2\x84 a receipt"

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, waits: list[float] | None = None) -> Client:
    sleep = [].append if waits is None else waits.append
    return Client("http://ledger.example", transport=httpx.MockTransport(answer), sleep=sleep)


def busy_until(tries: int, then: httpx.Response, *, status: int = 503) -> Answer:
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return then if asked >= tries else httpx.Response(status, headers={"Retry-After": "7"})

    return answer


def test_a_registered_statement_comes_with_its_entry_and_receipt() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.content) == ("/entries", STATEMENT)
        return httpx.Response(201, headers={"Location": "/entries/42"}, content=RECEIPT)

    found = client(answer).submit(STATEMENT)
    assert found == RegisteredEntry(42, hashlib.sha256(STATEMENT).digest(), RECEIPT, None)


def test_a_sealed_statements_body_goes_first() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(201, headers={"Location": "/entries/1"})

    client(answer).submit(STATEMENT, b"{}")
    assert seen == ["/bodies", "/entries"]


def test_an_annex_is_what_its_digest_says_or_refuted() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert (request.url.path, request.content) == ("/annexes", b"annex")
            return httpx.Response(201)
        return httpx.Response(200, content=b"annex" if request.url.path.endswith(digest.hex()) else b"another")

    digest = hashlib.sha256(b"annex").digest()
    assert client(answer).put_annex(b"annex") == digest
    assert client(answer).annex(digest) == b"annex"
    with pytest.raises(Refuted):
        client(answer).annex(bytes(32))


def test_a_statement_that_waits_is_not_called_registered() -> None:
    found = client(lambda _: httpx.Response(303, headers={"Location": "/entries/abc"})).submit(STATEMENT)
    assert found == Waiting(hashlib.sha256(STATEMENT).digest(), "/entries/abc")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says_so(status: int) -> None:
    waits: list[float] = []
    registered = httpx.Response(201, headers={"Location": "/entries/3"}, content=RECEIPT)
    found = client(busy_until(3, registered, status=status), waits).submit(STATEMENT)
    assert isinstance(found, RegisteredEntry)
    assert waits == [7, 7]


def test_a_service_that_stays_busy_is_given_up() -> None:
    waits: list[float] = []
    with pytest.raises(Busy) as caught:
        client(busy_until(1_000, httpx.Response(200)), waits).checkpoint()
    assert len(waits) == 4
    assert caught.value.retry_after_seconds == 7


def test_a_service_that_cannot_be_reached_is_unavailable() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unavailable, match=r"ledger\.example"):
        client(answer).checkpoint()


@pytest.mark.parametrize(
    "error",
    [
        Refused("pledge.one_live_per_scope", "已有有效承诺", "there is a live pledge", "product"),
        AlreadyRegistered(7, bytes(32)),
        Malformed("not canonical"),
        Refuted("the signature does not hold"),
        Uncheckable("no receipt"),
        NotFound("no entry 9"),
    ],
)
def test_an_error_arrives_as_what_it_was(error: LedgerError) -> None:
    problem = problem_response(problem_of(error))
    with pytest.raises(type(error)) as caught:
        client(
            lambda _: httpx.Response(problem.status_code, headers=dict(problem.headers), content=problem.body)
        ).submit(STATEMENT)
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)
    if isinstance(error, AlreadyRegistered):
        assert caught.value.payload_sha256 == error.payload_sha256


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"", json.dumps({"type": 3}).encode()])
def test_a_foreign_answer_is_still_one_of_our_errors(content: bytes) -> None:
    for status, kind in ((404, NotFound), (400, Malformed), (502, Unavailable)):
        with pytest.raises(kind):
            client(lambda _, status=status: httpx.Response(status, content=content)).checkpoint()


def test_a_batch_answers_each_statement_in_its_place() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.content == cbor2.dumps(b"one") + cbor2.dumps([b"two", b"body"]) + cbor2.dumps(b"three")
        rows = [
            {"status": "registered", "entry": 5, "statement_id": bytes(32), "receipt": RECEIPT},
            {"status": "refused", "rule": "pledge.code_taken", "zh": "已用", "en": "in use"},
            {"status": "existing", "entry": 2, "statement_id": bytes(32), "receipt": RECEIPT},
        ]
        return httpx.Response(200, content=b"".join(cbor2.dumps(row, canonical=True) for row in rows))

    first, second, third = client(answer).submit_batch([(b"one", None), (b"two", b"body"), (b"three", None)])
    assert first == RegisteredEntry(5, hashlib.sha256(b"one").digest(), RECEIPT, False)
    assert isinstance(second, Refused)
    assert second.rule == "pledge.code_taken"
    assert third == RegisteredEntry(2, hashlib.sha256(b"three").digest(), RECEIPT, True)


def test_a_batch_beyond_the_limit_goes_in_several_requests() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        count = request.content.count(b"\x41x")
        sizes.append(count)
        return httpx.Response(200, content=cbor2.dumps({"status": "pending"}) * count)

    found = client(answer).submit_batch([(b"x", None)] * (BATCH_STATEMENTS_MAX + 1))
    assert sizes == [BATCH_STATEMENTS_MAX, 1]
    assert len(found) == BATCH_STATEMENTS_MAX + 1


@pytest.mark.parametrize("content", [b"", b"\xff", cbor2.dumps(3), cbor2.dumps({"status": "yes"})])
def test_a_broken_batch_answer_is_never_taken_for_a_registration(content: bytes) -> None:
    with pytest.raises(Malformed):
        client(lambda _: httpx.Response(200, content=content)).submit_batch([(STATEMENT, None)])


def test_an_answer_without_end_is_read_no_further_than_it_may_be_long() -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 2**20
            yield bytes(2**20)

    with pytest.raises(Malformed, match="longer than"):
        client(lambda _: httpx.Response(200, content=endless())).receipt(1)
    assert given <= IMPORT_ANSWER_BYTES_MAX + 2 * 2**20


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(2**20))
    with pytest.raises(Malformed, match="packed"):
        client(lambda _: httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"})).receipt(1)


def test_an_answer_to_a_batch_whose_keys_are_maps_is_refused_undecoded() -> None:
    inner = cbor2.dumps({1: 2, 2: 1})
    with pytest.raises(Malformed, match="neither a number nor text"):
        client(lambda _: httpx.Response(200, content=b"\xa1" + inner + b"\0")).submit_batch([(STATEMENT, None)])
