"""What is posted to is outside: by the address that is connected to, whatever name led there."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from api.delivery.outside_addresses import InsideAddress, OutsideAddresses
from api.delivery.outside_post import OutsidePost, Undelivered, web_address
from ledger.errors import Malformed, Misconfigured

INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds tell machines their secrets
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "2002:7f00:1::",  # 6to4 of the same
    "2001:0:7f00:1::",  # Teredo
    "2001:db8::1",
    "no address at all",
)
OUTSIDE = ("1.1.1.1", "119.29.29.29", "2400:3200::1", "::ffff:1.1.1.1")


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_is_posted_to_an_address_inside(address: str) -> None:
    with pytest.raises(InsideAddress):
        OutsideAddresses().require([address])
    with pytest.raises(InsideAddress):
        OutsideAddresses().require(["1.1.1.1", address])  # not even where the name has another one, too


def test_what_is_outside_or_named_by_the_operator_may_be_posted_to() -> None:
    OutsideAddresses().require(OUTSIDE)
    named = OutsideAddresses(["10.1.0.0/16", "::1"])
    named.require(["10.1.2.3", "::ffff:10.1.2.3", "::1"], named_only=True)
    for other in ("10.2.0.1", "1.1.1.1"):
        with pytest.raises(InsideAddress):
            named.require([other], named_only=True)
    with pytest.raises(InsideAddress):
        named.require([])
    with pytest.raises(Misconfigured, match=r"10\.1"):
        OutsideAddresses(["10.1"])


@pytest.mark.parametrize("address", ["https://rebound.example/hook", "http://1.1.1.1/hook", "https://[::1]:8443/"])
def test_the_address_that_dns_answers_at_the_connection_is_judged(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a name that leads inside none is connected to; by plain http nothing goes outside."""
    connected: list[object] = []

    async def post() -> None:
        loop = asyncio.get_running_loop()

        async def found(host: str, port: int, **_: Any) -> list[Any]:
            addresses = ("1.1.1.1", "127.0.0.1") if host == "rebound.example" else (host,)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        sender = OutsidePost(OutsideAddresses())
        try:
            with pytest.raises(Undelivered, match="inside"):
                await sender.post(web_address(address), b"{}", {})
        finally:
            await sender.close()

    monkeypatch.setattr(socket.socket, "connect", lambda *given: connected.append(given))
    asyncio.run(post())
    assert connected == []


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.org/",
        "https://",
        "/hook",
        "https://user:word@example.org/",
        "https://example.org/#part",
        "https://example.org:25/",
        "https://example.org:99999/",
        "https://example.org/" + "a" * 2_000,
        "https://exa mple.org/",
    ],
)
def test_what_is_no_web_address_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        web_address(text)
    assert "word" not in str(refused.value)
    assert web_address("https://例子.example:8443/a?b=c") == httpx.URL("https://例子.example:8443/a?b=c")
