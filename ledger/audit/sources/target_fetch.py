"""Reading a published log from where a mirror lies: in any process, since the target's address is enough."""

from __future__ import annotations

from typing import Final

from ledger.errors import Malformed
from ledger.limits import STATEMENT_BYTES_MAX, TILE_WIDTH
from ledger.mirror.target import open_target

__all__ = ["TargetFetch"]

_BYTES_MAX: Final = TILE_WIDTH * (STATEMENT_BYTES_MAX + 2)  # of the longest: a bundle of entries


class TargetFetch:
    """A `Fetch` over a folder or a bucket. Picklable, thread-safe. Raises `Misconfigured` for what is no address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._target = open_target(address)

    def __call__(self, path: str) -> bytes | None:
        try:
            return self._target.get(path, _BYTES_MAX)
        except Malformed:
            return b""  # longer than anything can be: it is none of what it should be

    def __reduce__(self) -> tuple[type[TargetFetch], tuple[str]]:
        return TargetFetch, (self._address,)
