"""Which pages may change something: those of the address under which people reach the service."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from api.http.errors import AccessDenied
from api.http.same_origin import WebOrigins


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": raw})


@pytest.mark.parametrize(
    ("address", "origins", "secure"),
    [
        ("https://ledger.example.org", {"https://ledger.example.org"}, True),
        ("https://ledger.example.org:443/book", {"https://ledger.example.org"}, True),
        ("https://ledger.example.org:8443", {"https://ledger.example.org:8443"}, True),
        ("http://ledger.example.org:80", {"http://ledger.example.org"}, True),
        ("http://localhost:8315", {f"http://{one}:8315" for one in ("127.0.0.1", "localhost", "[::1]")}, False),
        ("http://0.0.0.0:8315", {f"http://{one}:8315" for one in ("127.0.0.1", "localhost", "[::1]")}, False),
    ],
)
def test_a_services_origins_are_those_of_its_address(address: str, origins: set[str], secure: bool) -> None:
    found = WebOrigins(address)
    assert (found.allowed, found.secure) == (origins, secure)
    for one in origins:
        assert found.require(request(origin=one)) == one
        assert found.require(request(origin=one, sec_fetch_site="same-origin")) == one


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://ledger.example.org"},
        {"origin": "https://ledger.example.org:8443"},
        {"origin": "https://ledger.example.org.evil.example"},
        {"origin": "https://evil.ledger.example.org"},
        {"origin": "https://ledger.example.org", "sec_fetch_site": "same-site"},
        {"origin": "https://ledger.example.org", "sec_fetch_site": "cross-site"},
        {"origin": "https://ledger.example.org", "sec_fetch_site": "none"},
        {"referer": "https://ledger.example.org/desk"},
    ],
)
def test_every_other_request_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AccessDenied) as refused:
        WebOrigins("https://ledger.example.org").require(request(**headers))
    assert refused.value.status == 403
