"""The process that writes the read models: beside the one that serves, so that neither takes the other's time.

It is started and watched by the service, yields to it when cores are scarce, and ends with it, however that ends.
"""

from __future__ import annotations

import gc
import logging
import time
from multiprocessing.sharedctypes import RawArray
from typing import Any, Final

from ledger.domain.events.base import Recorded
from ledger.domain.values.subject import is_enterprise
from ledger.errors import LedgerError
from ledger.limits import (
    COLLECT_AFTER_OBJECTS,
    MAP_INTERVAL_SECONDS,
    PROJECTION_AFRESH_ENTRIES_MIN,
    STOP_PROJECTIONS_SECONDS_MAX,
)
from ledger.parallel.watched_process import WatchedProcess, begin_as_child
from ledger.reading.feed import Feed
from ledger.store.contract import EntryRow
from ledger.store.postgres import PostgresStore
from ledger.store.statement_mapper import to_recorded
from projections.completeness.map_runner import MapRunner
from projections.db.entry_content import content
from projections.engine.runner import Runner, RunnerLimits
from projections.search.folding import fold_script
from projections.search.pinyin import load_dictionaries

__all__ = ["ProjectionProcess", "lean"]

_logger = logging.getLogger(__name__)

_NICENESS: Final = 10


class ProjectionProcess(WatchedProcess):
    """Runs a `Runner` and the maker of the completeness map."""

    def __init__(
        self,
        conninfo: str,
        map_interval_seconds: int = MAP_INTERVAL_SECONDS,
        afresh_min: int = PROJECTION_AFRESH_ENTRIES_MIN,
    ) -> None:
        self._afresh = RawArray("q", 2)  # entries done and in all, told by the child
        level = logging.getLogger().getEffectiveLevel()
        arguments = conninfo, level, map_interval_seconds, afresh_min, self._afresh
        # A step that is cut short comes to nothing, and the next start does it again.
        super().__init__("projections", _main, arguments, stop_seconds_max=STOP_PROJECTIONS_SECONDS_MAX)

    @property
    def afresh(self) -> tuple[int, int]:
        """Of the last time that all read models were derived again: how many entries are done, and of how many."""
        done, total = self._afresh[:]
        return done, total


def _main(conninfo: str, level: int, map_interval: int, afresh_min: int, afresh: Any) -> None:
    """The child: follow the log until told to stop, or until the parent is gone."""
    ended = begin_as_child(level, _NICENESS)

    def tell(done: int, total: int) -> None:
        afresh[:] = [done, total]

    load_dictionaries()
    fold_script("")
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)  # what is kept of enterprises has no cycles
    try:
        with (
            PostgresStore.open(conninfo) as store,
            Runner(Feed(store, lean), conninfo, RunnerLimits(afresh_min=afresh_min), afresh=tell),
            MapRunner(store, conninfo, _unix_now, interval_seconds=map_interval),
        ):
            ended(None)
    except LedgerError as error:
        _logger.error("projections: %s", error)
        raise SystemExit(1) from None


def lean(row: EntryRow) -> Recorded:
    """Of entries about enterprises no more than rows are made of; whoever governs is decoded whole."""
    return content(row) if is_enterprise(row.subject) else to_recorded(row)


def _unix_now() -> int:
    return int(time.time())
