"""Waiting until read models hold what is registered: who has just said something and looks for it must find it.

Projections follow the log by some tenths of a second, on a busy machine by seconds. A test that reads at once would
hold or fail by the machine's speed.
"""

from __future__ import annotations

import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

__all__ = ["await_projected"]

#: How long projections may lag on a machine that runs three books' tests on two cores.
BEHIND_SECONDS_MAX: Final = 60
ANSWER_SECONDS_MAX: Final = 30


def await_projected(url: str) -> None:
    """Wait until the read models of the service at `url` hold every entry that its log has now.

    A service that does not answer, or refuses, is not waited for: what the test asks for itself tells it that.
    """
    connection = HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS_MAX)
    patience = time.monotonic() + BEHIND_SECONDS_MAX
    with closing(connection):
        try:
            status, checkpoint, _ = _get(connection, "/checkpoint")
            if status != 200:
                return
            size = int(checkpoint.split(b"\n")[1])
            path = f"/v1/enterprises?limit=1&min_tree_size={size}"
            status, _, again = _get(connection, path)
            while status == 503 and time.monotonic() < patience:
                time.sleep(again)
                status, _, again = _get(connection, path)
        except (OSError, HTTPException):
            return


def _get(connection: HTTPConnection, path: str) -> tuple[int, bytes, int]:
    """Status, body, and the seconds after which to ask again."""
    connection.request("GET", path)
    with connection.getresponse() as answer:
        return answer.status, answer.read(), int(answer.headers.get("Retry-After", "1"))
