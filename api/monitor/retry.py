"""Looking again and again at something that may not answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from ledger.errors import Busy, LedgerError, Unavailable, Uncheckable
from ledger.limits import FOLLOW_WAIT_SECONDS_MAX

__all__ = ["keep_going"]

_OBSTACLES = (Unavailable, Uncheckable, Busy)


def keep_going(
    one_round: Callable[[], object],
    *,
    once: bool,
    interval: float,
    say: Callable[[LedgerError], object],
    wait: Callable[[float], object] = time.sleep,
    retry_seconds_max: float | None = None,
) -> None:
    """Round after round, `interval` seconds apart; what is out of reach is tried again, ever more seldom.

    `wait` is given the interval after a round that went well, and may return sooner where there is something to do.
    `retry_seconds_max`: between two tries; by default the interval, or five minutes.

    With `once` it returns after one round, and raises what stood in its way. Every other error is raised.
    """
    failures = 0
    while True:
        try:
            one_round()
            failures = 0
        except _OBSTACLES as error:
            if once:
                raise
            failures += 1
            say(error)
        if once:
            return
        if failures:
            longest = max(interval, FOLLOW_WAIT_SECONDS_MAX) if retry_seconds_max is None else retry_seconds_max
            time.sleep(min(interval * 2.0 ** min(failures, 16), longest))
        else:
            wait(interval)
