"""Looking again and again for what is due, for as long as the service runs; and how long to wait after a failure."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from ledger.errors import LedgerError

__all__ = ["retry_pause", "run_periodically"]

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS: Final = 5.0


async def run_periodically(
    what: str, look: Callable[[], Awaitable[None]], seconds: float, again_seconds: float = _AGAIN_SECONDS
) -> None:
    """Look, wait `seconds`, and look again, until cancelled; `again_seconds` after a look that failed, whatever it was.

    The log names `what` and the kind of a `LedgerError`, not its words: they may be of somebody's address.
    """
    while True:
        try:
            await look()
            await asyncio.sleep(seconds)
        except LedgerError as error:
            _LOG.warning("%s: not looked for: %s", what, type(error).__name__)
            await asyncio.sleep(again_seconds)
        except Exception:
            _LOG.exception("%s: a defect; going on", what)
            await asyncio.sleep(again_seconds)


def retry_pause(attempts: int, *, first: int, factor: int, longest: int) -> int:
    """Seconds until the next try after `attempts` failed ones: `first`, `factor` times that, … up to `longest`.

    Up to a quarter less, at random.
    """
    wait: int = min(first * factor ** min(attempts, 16), longest)
    return round(wait * random.uniform(0.75, 1.0))  # noqa: S311 - spreads, hides nothing
