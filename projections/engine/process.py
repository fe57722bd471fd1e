"""The process that writes the read models: beside the one that serves, so that neither takes the other's time.

It is started and watched by the service, yields to it when cores are scarce, and ends with it, however that ends.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
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
_AGAIN_SECONDS: Final = 1.0


class ProjectionProcess:
    """Runs a `Runner` in a process of its own; starts it again should it end."""

    def __init__(
        self,
        conninfo: str,
        map_interval_seconds: int = MAP_INTERVAL_SECONDS,
        afresh_min: int = PROJECTION_AFRESH_ENTRIES_MIN,
    ) -> None:
        self._conninfo = conninfo
        self._map_interval = map_interval_seconds
        self._afresh_min = afresh_min
        self._spawn = multiprocessing.get_context("spawn")
        self._afresh = RawArray("q", 2)  # entries done and in all, told by the child
        self._process: BaseProcess | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def afresh(self) -> tuple[int, int]:
        """Of the last time that all read models were derived again: how many entries are done, and of how many."""
        done, total = self._afresh[:]
        return done, total

    def start(self) -> None:
        self._begin()
        self._watcher = threading.Thread(target=self._watch, name="projection-process", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Let it finish the step under way."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        if self._watcher is not None:
            self._watcher.join(STOP_PROJECTIONS_SECONDS_MAX)
        if self._process is not None and self._process.is_alive():
            self._process.kill()  # the step's transaction comes to nothing, the next start does it again

    def _begin(self) -> None:
        level = logging.getLogger().getEffectiveLevel()
        arguments = self._conninfo, level, self._map_interval, self._afresh_min, self._afresh
        self._process = self._spawn.Process(target=_main, args=arguments, name="projections", daemon=True)
        # Ctrl-C goes to all of a terminal's processes: held back until the child has said what it does with it.
        resource_tracker.ensure_running()  # which lifts the mask when it starts
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _watch(self) -> None:
        while True:
            process = self._process
            if process is None:
                return
            process.join()
            if self._stopping.is_set():
                return
            _logger.error("the projection process ended with %s; starting it again", process.exitcode)
            self._stopping.wait(_AGAIN_SECONDS)
            if not self._stopping.is_set():
                self._begin()


def _main(conninfo: str, level: int, map_interval: int, afresh_min: int, afresh: Any) -> None:
    """The child: follow the log until told to stop, or until the parent is gone."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    stopping, told = multiprocessing.Pipe(duplex=False)

    def stop(*_: Any) -> None:
        told.send(None)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells us in its own time
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.nice(_NICENESS)

    def tell(done: int, total: int) -> None:
        afresh[:] = [done, total]

    parent = multiprocessing.parent_process()
    assert parent is not None
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
            wait([stopping, parent.sentinel])
    except LedgerError as error:
        _logger.error("projections: %s", error)
        raise SystemExit(1) from None


def lean(row: EntryRow) -> Recorded:
    """Of entries about enterprises no more than rows are made of; whoever governs is decoded whole."""
    return content(row) if is_enterprise(row.subject) else to_recorded(row)


def _unix_now() -> int:
    return int(time.time())
