"""How many connections there are, in all and of each client, and which of them have had their time."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Container
from typing import Final, Protocol

from api.http.clients import client_key
from ledger.limits import (
    CONNECTIONS_MAX,
    CONNECTIONS_PER_CLIENT_MAX,
    CONNECTIONS_TURNED_AWAY_MAX,
    DESCRIPTORS_RESERVED,
)

__all__ = ["Bounded", "Connections"]

_LOG = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 1.0


class Bounded(Protocol):
    """A connection as it is seen from here."""

    @property
    def idle(self) -> bool:
        """Whether no request of it is being answered."""

    def check(self, now: float) -> None:
        """End it, or the request on it, if that has had its time. `now` by the loop's clock, seconds."""

    def end(self) -> None:
        """End it at once."""


class Connections:
    """The open connections of this process; used on the event loop only."""

    def __init__(self, trusted: Container[str], total_max: int, per_client_max: int) -> None:
        self._trusted = trusted
        self._total_max = total_max
        self._per_client_max = per_client_max
        self._clients: dict[str, dict[Bounded, None]] = {}  # each in the order of coming
        self._key_of: dict[Bounded, str] = {}
        self._turned_away: set[Bounded] = set()

    @classmethod
    def within_descriptors(cls, trusted: Container[str]) -> Connections:
        """As many as the limits say, or as the process has descriptors for beside its database and files."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = CONNECTIONS_MAX + CONNECTIONS_TURNED_AWAY_MAX + DESCRIPTORS_RESERVED
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        left = CONNECTIONS_MAX if soft == resource.RLIM_INFINITY else soft - DESCRIPTORS_RESERVED
        total = max(8, min(CONNECTIONS_MAX, left - min(CONNECTIONS_TURNED_AWAY_MAX, left // 4)))
        return cls(trusted, total, max(4, min(CONNECTIONS_PER_CLIENT_MAX, total // 4)))

    def admit(self, connection: Bounded, host: str) -> bool:
        """Count a new connection of `host`. False: there are too many of that client, or in all.

        A full service lets go of the oldest idle connection of whoever has most, unless that is the newcomer.
        """
        key = client_key(host)
        own = self._clients.get(key, {})
        if len(own) >= self._per_client_max and host not in self._trusted:
            return False
        if len(self._key_of) >= self._total_max and not self._make_room(len(own)):
            return False
        self._clients.setdefault(key, {})[connection] = None
        self._key_of[connection] = key
        return True

    def turn_away(self, connection: Bounded) -> bool:
        """Whether there is room to tell a connection that was not admitted why."""
        if len(self._turned_away) >= CONNECTIONS_TURNED_AWAY_MAX:
            return False
        self._turned_away.add(connection)
        return True

    def leave(self, connection: Bounded) -> None:
        """Count it no more."""
        self._turned_away.discard(connection)
        key = self._key_of.pop(connection, None)
        if key is not None:
            own = self._clients[key]
            del own[connection]
            if not own:
                del self._clients[key]

    async def sweep(self) -> None:
        """Once a second, end what has had its time; runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for connection in (*self._key_of, *self._turned_away):
                try:
                    connection.check(now)
                except Exception:  # a defect with one must not leave the others without their deadlines
                    _LOG.exception("a connection could not be looked at")
                    connection.end()

    def _make_room(self, own: int) -> bool:
        most = max(self._clients.values(), key=len)
        if len(most) <= own + 1:
            return False
        victim = next((connection for connection in most if connection.idle), None)
        if victim is None:
            return False
        victim.end()
        self.leave(victim)
        return True
