"""Doubting this machine's clock before it dates an entry, since no entry can be dated again.

A clock that ran ahead for one commit makes every later honest statement late; one that is behind the newest checkpoint
tells right clients that theirs is wrong. Neither is believed. What it is compared with: the newest checkpoint, and how
far the database's own clock has come since this process began.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from ledger.errors import ClockDoubted
from ledger.limits import CLOCK_AHEAD_SECONDS_MAX, CLOCK_BEHIND_SECONDS_MAX, CLOCK_QUIET_SECONDS_MAX
from ledger.store.contract import CheckpointRow

__all__ = ["ClockDoubts", "check_behind"]

_SHANGHAI: Final = timezone(timedelta(hours=8))


class ClockDoubts:
    """Whether this machine's clock may date entries.

    `other` gives the database's clock, in Unix seconds; `confirmed`: a person has said that it is this late.

    Used by the writer's thread alone.
    """

    def __init__(self, clock: Callable[[], int], other: Callable[[], float], *, confirmed: bool = False) -> None:
        self._other = other
        self._confirmed = confirmed
        self.ahead_at_start = clock() - other()

    def check(self, now: int, newest: CheckpointRow | None) -> None:
        """Raise `ClockDoubted` where an entry must not be dated `now`; `Unavailable` where nobody can tell."""
        if newest is None:
            return
        check_behind(now, newest)
        quiet = now - newest.recorded_at
        if quiet <= CLOCK_AHEAD_SECONDS_MAX:
            return  # not worth a question: the log itself is as late
        jumped = now - self._other() - self.ahead_at_start
        if jumped > CLOCK_AHEAD_SECONDS_MAX:
            raise ClockDoubted(
                f"this machine's clock says {_said(now)} and has run {int(jumped)} s ahead of the database's since the "
                "service began: set it right"
            )
        if quiet > CLOCK_QUIET_SECONDS_MAX and not self._confirmed:
            raise ClockDoubted(
                f"this machine's clock says {_said(now)}, {quiet // 86_400} days after the newest checkpoint: set it "
                f"right or, if it is, say so: `serve --confirm-clock {_said(now)[:10]}`"
            )


def check_behind(now: int, newest: CheckpointRow | None) -> None:
    """Raise `ClockDoubted` for a clock that is behind the log's own newest checkpoint."""
    if newest is not None and now < newest.recorded_at - CLOCK_BEHIND_SECONDS_MAX:
        raise ClockDoubted(
            f"this machine's clock says {_said(now)}, but the newest checkpoint is of {_said(newest.recorded_at)}: "
            'set the clock right (docs/operations.md, "The clock")'
        )


def _said(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, _SHANGHAI).isoformat()
