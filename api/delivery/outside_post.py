"""A POST to a web address that somebody else chose: to the outside alone, bounded in time and size, not redirected."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpcore
import httpx

from api.delivery.outside_addresses import InsideAddress, OutsideAddresses
from ledger.errors import Malformed
from ledger.limits import WEBHOOK_ADDRESS_CHARS_MAX, WEBHOOK_ANSWER_BYTES_MAX, WEBHOOK_SECONDS_MAX

__all__ = ["OutsidePost", "PostAnswer", "Undelivered", "web_address"]

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")  # a name (IDNA), or an address
_PORTS: Final = (80, 443)
_UNPRIVILEGED_PORT: Final = 1024
_PORT_MAX: Final = 65_535
_CONNECTIONS_MAX: Final = 32


class Undelivered(Exception):
    """Nothing was answered. `why` is `inside`, `unreachable`, `timeout`, or `broken`; no address is in it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What was answered. `retry_after` is in seconds, where it was said so; `content` is its beginning, where it
    was read."""

    status: int
    retry_after: int | None
    content: bytes

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


def web_address(text: str) -> httpx.URL:
    """An address to post to, as far as can be told without asking for it. Raises `Malformed`, never showing it."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Malformed("not a web address") from None
    if (
        len(text) > WEBHOOK_ADDRESS_CHARS_MAX
        or url.scheme not in ("https", "http")
        or not _HOST.fullmatch(url.raw_host)
    ):
        raise Malformed(f"a web address is https://… of at most {WEBHOOK_ADDRESS_CHARS_MAX} characters")
    if url.userinfo or url.fragment:
        raise Malformed("a web address to post to has neither a user nor a fragment")
    port = _PORTS[-1] if url.port is None else url.port
    if port not in _PORTS and not _UNPRIVILEGED_PORT <= port <= _PORT_MAX:
        raise Malformed("a web address to post to has the port 443, or one from 1024 on")
    return url


class OutsidePost:
    """Of one event loop; close it when done. Plain HTTP goes to networks that the operator named alone."""

    def __init__(self, addresses: OutsideAddresses, tls: ssl.SSLContext | None = None) -> None:
        tls = tls or ssl.create_default_context()
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=0,  # each delivery looks at the address anew
                network_backend=_Outside(addresses, named_only=scheme == "http"),
            )
            for scheme in ("http", "https")
        }

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def post(
        self, url: httpx.URL, content: bytes, headers: Mapping[str, str], *, reads: bool = False
    ) -> PostAnswer:
        """The answer, whatever it says; what comes after its head is waited for only where one `reads` it: whoever
        said that it has the content has it, whatever becomes of the rest. Raises `Undelivered`."""
        try:
            async with asyncio.timeout(WEBHOOK_SECONDS_MAX):
                return await self._post(url, content, headers, reads)
        except InsideAddress:
            raise Undelivered("inside") from None
        except (TimeoutError, httpcore.TimeoutException):
            raise Undelivered("timeout") from None
        except httpcore.ConnectError:
            raise Undelivered("unreachable") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError):
            raise Undelivered("broken") from None

    async def _post(self, url: httpx.URL, content: bytes, headers: Mapping[str, str], reads: bool) -> PostAnswer:
        scheme, host, port, target = url.raw_scheme, url.raw_host, url.port, url.raw_path
        address = httpcore.URL(scheme=scheme, host=host, port=port, target=target)
        sent = {"Host": url.netloc.decode("ascii"), "Content-Length": str(len(content)), **headers}
        pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]
        async with self._pools[url.scheme].stream("POST", address, headers=pairs, content=content) as answer:
            said = await _beginning(answer) if reads else b""
            return PostAnswer(answer.status, _retry_after(answer.headers), said)


class _Outside(httpcore.AsyncNetworkBackend):
    """Connects to no other address than one that was looked at."""

    def __init__(self, addresses: OutsideAddresses, *, named_only: bool) -> None:
        self._addresses = addresses
        self._named_only = named_only
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the library's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
        except OSError:
            raise httpcore.ConnectError("no such name") from None
        answers = list(dict.fromkeys(str(one[4][0]) for one in found))
        self._addresses.require(answers, named_only=self._named_only)
        problem: Exception = httpcore.ConnectError("no address")
        for address in answers:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= 6:
            return int(value)
    return None


async def _beginning(answer: httpcore.Response) -> bytes:
    content = b""
    async for piece in answer.aiter_stream():
        content += piece
        if len(content) >= WEBHOOK_ANSWER_BYTES_MAX:
            break
    return content[:WEBHOOK_ANSWER_BYTES_MAX]
