"""So many of something at a time: of one client, and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.http.clients import client_key
from api.http.errors import TooManyRequests
from ledger.errors import Busy

__all__ = ["Turns"]


class Turns:
    """Used on the event loop only. `what` is told to whoever comes when all turns are taken."""

    def __init__(self, what: str, *, total_max: int, per_client_max: int, again_seconds: int) -> None:
        self._what = what
        self._total_max = total_max
        self._per_client_max = per_client_max
        self._again_seconds = again_seconds
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are, by all clients."""
        return self._taken.total()

    def check(self, host: str) -> None:
        """Raises `TooManyRequests` where this client has all of its turns, `Busy` where all are taken."""
        if self._taken[client_key(host)] >= self._per_client_max:
            raise TooManyRequests(self._again_seconds)
        if self._taken.total() >= self._total_max:
            raise Busy(self._what, self._again_seconds)

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """One turn, for as long as this lasts."""
        key = client_key(host)
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
