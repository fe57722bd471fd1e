"""What is dear takes more of its client's allowance, told by the head of the request alone."""

from __future__ import annotations

import re

import pytest

from api.http.clients import TrustedProxies, client_key
from api.http.errors import TooManyRequests
from api.http.openapi.operations import OPERATIONS
from api.http.rate_limit import Limits
from api.http.request_costs import _BATCH, _DEAR, _DEAR_ENDS, _FEED, _QUERIES, _SEARCHES, cost_of
from ledger.errors import Misconfigured
from ledger.limits import (
    BATCH_BYTES_MAX,
    BATCH_TOKEN_BYTES,
    BATCH_TOKENS_MIN,
    COMPLAINT_TOKENS,
    REQUEST_TOKENS_DEAR,
    REQUESTS_BURST_MAX,
    SIGN_IN_TOKENS,
)


def cost(path: str, query: str = "", length: int | None = None, method: str = "GET") -> int:
    headers = [] if length is None else [(b"content-length", b"%d" % length)]
    return cost_of({"path": path, "query_string": query.encode(), "headers": headers, "method": method})


def test_rows_bytes_and_proofs_are_paid_for() -> None:
    assert cost("/checkpoint") == cost("/entries", length=60_000) == cost("/v1/events", "limit=1") == 1
    assert cost("/v1/events", "limit=1000") == cost("/v1/events") == cost("/v1/events", "limit=x") == 21
    assert cost("/v1/events", "limit=1&limit=1000") == 21
    assert cost("/entries/batch", length=10 * BATCH_TOKEN_BYTES) == BATCH_TOKENS_MIN + 10
    assert cost("/entries/batch") == BATCH_TOKENS_MIN + BATCH_BYTES_MAX // BATCH_TOKEN_BYTES
    assert cost("/v1/enterprises/x/proof") == cost("/v1/enterprises/x/standing", "tree_size=3") == REQUEST_TOKENS_DEAR
    assert cost("/v1/enterprises/x/standing") == 1
    assert cost("/e/x") == cost("/en/e/x") == cost("/desk/archive") == cost("/en/desk/archive") == REQUEST_TOKENS_DEAR
    assert cost("/en") == cost("/entries/1") == cost("/p/x") == 1


def test_whatever_has_a_price_of_its_own_is_there() -> None:
    paths = {path for _, path in OPERATIONS}
    priced = {re.sub("^/en/", "/", path) for path in (*_DEAR, *_QUERIES, *_SEARCHES, _BATCH, _FEED)}
    assert priced - paths == {"/search", "/s", "/desk/archive", "/desk/log/standing"}, (
        "pages, which the interface does not list"
    )
    for end in _DEAR_ENDS:
        assert any(path.endswith(end) for path in paths), end


def test_a_client_tries_to_sign_in_ten_times_in_a_row_and_not_more() -> None:
    assert cost("/desk/session") == cost("/desk/challenge") == SIGN_IN_TOKENS
    assert cost("/desk") == cost("/desk/sign-in") == 1
    limits = Limits(1, REQUESTS_BURST_MAX, lambda: 0.0)
    for _ in range(REQUESTS_BURST_MAX // SIGN_IN_TOKENS):
        limits.take("192.0.2.1", cost("/desk/session"))
    with pytest.raises(TooManyRequests):
        limits.take("192.0.2.1", cost("/desk/session"))


def test_a_dear_request_takes_as_many_tokens_and_never_more_than_there_can_be() -> None:
    now = [0.0]
    limits = Limits(10, 100, lambda: now[0])
    limits.take("192.0.2.1", 60)
    with pytest.raises(TooManyRequests) as told:
        limits.take("192.0.2.1", 60)
    assert told.value.retry_after_seconds == 2
    limits.take("192.0.2.1", 40)
    now[0] += 10
    limits.take("192.0.2.1", 10_000)
    with pytest.raises(TooManyRequests):
        limits.take("192.0.2.1")


def test_a_subscribers_ipv6_addresses_are_one_client() -> None:
    limits = Limits(1, 2)
    limits.take("2001:db8:1:2::1")
    limits.take("2001:db8:1:2:ffff::9")
    with pytest.raises(TooManyRequests):
        limits.take("2001:db8:1:2::3")
    limits.take("2001:db8:1:3::1")
    assert client_key("::ffff:192.0.2.1") == client_key("192.0.2.1") == "192.0.2.1"
    assert client_key("fe80::1%eth0") == client_key("fe80::2")
    assert client_key("-") == "-"


def test_proxies_are_addresses_or_networks() -> None:
    trusted = TrustedProxies(("10.0.0.0/8", "2001:db8::1"))
    assert all(host in trusted for host in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"))
    assert not any(host in trusted for host in ("2001:db8::2", "11.0.0.1", "-"))
    for wrong in ("proxy.example", "10.0.0.1/8", ""):
        with pytest.raises(Misconfigured):
            TrustedProxies((wrong,))


def test_a_complaint_sent_and_a_secret_tried_are_dear_and_a_page_that_is_read_is_not() -> None:
    for path in ("/complain", "/en/complain", "/complain/2026-0000-0000", "/en/complain/state"):
        assert (cost(path, method="POST"), cost(path)) == (COMPLAINT_TOKENS, 1), path
