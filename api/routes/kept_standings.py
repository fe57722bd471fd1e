"""Current standings as whole answers in memory, by the very bytes of the address that they were asked for at.

A page that everybody scans is answered by one look into a dictionary. What is kept is what `standing.py` answers; it is
let go as soon as the read models move on, and where what an answer says of its own lifetime would no longer be true.
"""

from __future__ import annotations

import re
from typing import Final

from api.http.direct_connection import KeptAnswer
from api.routes.standing import current_standing, lifetime_unchanged_until, standing_response
from api.service.service import Service
from ledger.limits import STANDINGS_CACHED_MAX

__all__ = ["KeptStandings"]

# A name in the one spelling that needs no decoding; no query.
_ADDRESS: Final = re.compile(rb"/v1/enterprises/([0-9A-Za-z:~._-]+)/standing")


class KeptStandings:
    """Used on the event loop only."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: dict[bytes, KeptAnswer] = {}
        self._size = -1  # the tree size that they show
        self._from = self._until = 0  # between which Unix times they may be given

    def kept(self, address: bytes) -> KeptAnswer | None:
        """What is answered at this address, if it is in memory and true."""
        found = self._kept.get(address)
        if found is None or self._service.progress.size != self._size:
            return None
        return found if self._from <= self._service.clock() < self._until else None

    @staticmethod
    def name_in(address: bytes) -> str | None:
        """The enterprise that the address of a current standing names; None for any other address or spelling."""
        match = _ADDRESS.fullmatch(address)
        return None if match is None else match[1].decode("ascii")

    async def read(self, address: bytes, name: str) -> KeptAnswer:
        """What is answered there now; kept from now on if it may be. Raises any `LedgerError`."""
        service = self._service
        size, now = service.progress.size, service.clock()
        served = await current_standing(service, name)
        response = standing_response(served, size, now)
        answer = KeptAnswer.of(response.headers["etag"], response.raw_headers, bytes(response.body))
        if served.in_book and service.progress.size == size:
            if size != self._size or not self._from <= now < self._until:
                self._kept, self._size, self._from, self._until = {}, size, now, lifetime_unchanged_until(now)
            if len(self._kept) < STANDINGS_CACHED_MAX and now < self._until:
                self._kept[address] = answer
        return answer
