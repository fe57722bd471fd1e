"""One look at the database for all who ask meanwhile, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ledger.errors import Unavailable

__all__ = ["SharedLook"]


class SharedLook:
    """Used on the event loop only; `look` blocks, and runs in a thread that is no request's."""

    def __init__(self, look: Callable[[], int], seconds_max: float) -> None:
        self._look = look
        self._seconds_max = seconds_max
        self._looking: asyncio.Task[int] | None = None

    async def ask(self) -> int:
        """What a look finds that began after the question, so that it covers whatever its asker was told before.

        Raises what the look raises, and `Unavailable` where one look takes longer than its seconds.
        """
        before = self._looking
        if before is not None and not before.done():
            await asyncio.wait((before,), timeout=self._seconds_max)
            if not before.done():
                raise self._late()
        if self._looking is before:  # nobody has begun the next one yet
            self._looking = asyncio.create_task(asyncio.to_thread(self._look))
        assert self._looking is not None
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), self._seconds_max)
        except TimeoutError:
            raise self._late() from None

    def _late(self) -> Unavailable:
        return Unavailable(f"the database did not answer within {self._seconds_max:.0f} s")
