"""Waiting until read models hold what is registered: who has just said something and looks for it must find it.

Projections follow the log by some tenths of a second, on a busy machine by seconds. A test that reads at once would
hold or fail by the machine's speed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

import httpx

__all__ = ["await_projected", "before_reading"]

#: How long projections may lag on a machine that runs three books' tests on two cores.
BEHIND_SECONDS_MAX: Final = 60
ANSWER_SECONDS_MAX: Final = 30

READING: Final = ("GET", "HEAD")
#: What says nothing that projections hold.
OF_THE_LOG: Final = ("/checkpoint", "/healthz", "/readyz", "/metrics", "/desk/challenge")

#: The cheapest question that waits for a size.
_NOBODY: Final = "/v1/enterprises/local~nobody~0/standing?min_tree_size="
_LAGS: Final = re.compile(rb'"urn:credit-ledger:(busy|behind)"')
#: By address of a service the size that its read models were seen to hold last.
_held: Final[dict[str, int]] = {}


def await_projected(url: str) -> None:
    """Wait until the read models of the service at `url` hold every entry that its log has now.

    A service that does not answer, or refuses, or whose database is away, is not waited for: what the test asks for
    itself tells it that.
    """
    connection = HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS_MAX)
    patience = time.monotonic() + BEHIND_SECONDS_MAX
    with closing(connection):
        try:
            status, said, again = _get(connection, "/checkpoint")
            if status != 200 or _held.get(url) == (size := int(said.split(b"\n")[1])):
                return
            status, said, again = _get(connection, f"{_NOBODY}{size}")
            while status == 503 and _LAGS.search(said) and time.monotonic() < patience:
                time.sleep(again)
                status, said, again = _get(connection, f"{_NOBODY}{size}")
        except (OSError, HTTPException):
            return
        if status == 200:
            _held[url] = size


def before_reading(url: str) -> Callable[[httpx.Request], None]:
    """For the hooks of a client (`event_hooks`): whoever reads finds what was registered before."""

    def wait(request: httpx.Request) -> None:
        if request.method in READING and request.url.path not in OF_THE_LOG:
            await_projected(url)

    return wait


def _get(connection: HTTPConnection, path: str) -> tuple[int, bytes, int]:
    """Status, body, and the seconds after which to ask again."""
    connection.request("GET", path)
    with connection.getresponse() as answer:
        return answer.status, answer.read(), int(answer.headers.get("Retry-After", "1"))
