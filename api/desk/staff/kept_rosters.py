"""Dry runs of rosters, kept in memory for whoever made them: no file, no table, no backup has them.

Each belongs to one session, and is gone with the process, after `DESK_ROSTER_KEPT_SECONDS_MAX`, when its session makes
another one, or when newer ones need the room.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from api.desk.staff.roster_dry_run import DryRun
from ledger.errors import NotFound
from ledger.limits import DESK_ROSTER_KEPT_SECONDS_MAX, DESK_ROSTERS_KEPT_MAX

__all__ = ["KeptRosters", "kept_rosters"]

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Kept:
    session: bytes
    until: float
    run: DryRun


class KeptRosters:
    """Thread-safe. `monotonic` in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, session: bytes, run: DryRun) -> str:
        """The name under which this session finds it."""
        name = secrets.token_hex(_ID_BYTES)
        with self._lock:
            self._forget(session)
            self._kept[name] = _Kept(session, self._monotonic() + DESK_ROSTER_KEPT_SECONDS_MAX, run)
            while len(self._kept) > DESK_ROSTERS_KEPT_MAX:
                self._kept.popitem(last=False)
        return name

    def get(self, session: bytes, name: str) -> DryRun:
        """Raises `NotFound`, for another session's as for one that is gone."""
        with self._lock:
            self._forget(None)
            kept = self._kept.get(name)
        if kept is None or kept.session != session:
            raise NotFound("no such dry run: it is kept for an hour, for the session that made it; hand it in again")
        return kept.run

    def drop(self, session: bytes) -> None:
        """Forget what the session handed in."""
        with self._lock:
            self._forget(session)

    def latest(self, session: bytes) -> str | None:
        """The name of what this session handed in."""
        with self._lock:
            self._forget(None)
            return next((name for name, one in self._kept.items() if one.session == session), None)

    def _forget(self, session: bytes | None) -> None:
        now = self._monotonic()
        for name in [name for name, one in self._kept.items() if one.until < now or one.session == session]:
            del self._kept[name]


def kept_rosters(request: Request) -> KeptRosters:
    """Those of the service that is asked."""
    kept: KeptRosters = request.app.state.kept_rosters
    return kept
