"""A store that fails at named points of `append`: "failed" and "failed but persisted", as a network does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.errors import Unavailable
from ledger.store.contract import Batch, Store

__all__ = ["CRASH_POINTS", "FaultyStore"]

# Each names where the connection is lost; what the database holds afterwards is said behind it.
CRASH_POINTS = {
    "before append": "nothing of the batch",
    "after append, before the answer": "all of the batch",
    "after append, and the first look afterwards": "all of the batch, and the reload fails once",
    "before append, and the first look afterwards": "nothing of the batch, and the reload fails once",
}


class FaultyStore:
    """Passes everything on to a real store, but fails once at `point` when armed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._point: str | None = None
        self._look_fails = False
        self.before_append: Callable[[], None] = lambda: None
        self.failures = 0

    def arm(self, point: str) -> None:
        assert point in CRASH_POINTS
        self._point = point

    def append(self, batch: Batch) -> None:
        point, self._point = self._point, None
        self.before_append()
        if point is None:
            self._store.append(batch)
            return
        self.failures += 1
        self._look_fails = "first look" in point
        if point.startswith("after"):
            self._store.append(batch)
        raise Unavailable(f"connection lost {point}")

    def latest(self) -> Any:
        if self._look_fails:
            self._look_fails = False
            self.failures += 1
            raise Unavailable("connection lost at the first look")
        return self._store.latest()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
