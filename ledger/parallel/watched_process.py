"""A process for work that a service does beside answering: started, watched, started again, ended with it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

__all__ = ["WatchedProcess", "begin_as_child"]

_logger = logging.getLogger(__name__)
_AGAIN_SECONDS: Final = 1.0
_KILLED_SECONDS_MAX: Final = 1.0


class WatchedProcess:
    """Runs `main(*arguments)` in a new process, and again should it end. `main` is importable, `arguments` can be sent;
    it calls `begin_as_child` first."""

    def __init__(
        self,
        name: str,
        main: Callable[..., None],
        arguments: tuple[Any, ...],
        *,
        stop_seconds_max: float,
        after_seconds: float = 0.0,
    ) -> None:
        """It begins `after_seconds` after `start`, and is killed `stop_seconds_max` after being told to stop."""
        self._name = name
        self._main = main
        self._arguments = arguments
        self._stop_seconds_max = stop_seconds_max
        self._after_seconds = after_seconds
        self._spawn = multiprocessing.get_context("spawn")
        self._process: BaseProcess | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        if not self._after_seconds:
            self._begin()
        self._watcher = threading.Thread(target=self._watch, name=f"{self._name}-process", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Let it finish the step under way.

        The watcher alone asks the system how the process ended: of two that ask at once, one is told that there is no
        such process, and would take it for alive.
        """
        self._stopping.set()
        watcher = self._watcher
        if watcher is None:
            return
        if self._process is not None:
            self._process.terminate()
        watcher.join(self._stop_seconds_max)
        if watcher.is_alive() and self._process is not None:
            self._process.kill()
            watcher.join(_KILLED_SECONDS_MAX)

    def _begin(self) -> None:
        process = self._spawn.Process(target=self._main, args=self._arguments, name=self._name, daemon=True)
        # Ctrl-C goes to all of a terminal's processes: held back until the child has said what it does with it.
        resource_tracker.ensure_running()  # which lifts the mask when it starts
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._process = process

    def _watch(self) -> None:
        if self._after_seconds:
            if self._stopping.wait(self._after_seconds):
                return
            self._begin()
        while True:
            process = self._process
            if process is None:
                return
            if self._stopping.is_set():  # perhaps told while it was being started
                process.terminate()
            process.join()
            if self._stopping.is_set():
                return
            _logger.error("the %s process ended with %s; starting it again", self._name, process.exitcode)
            self._stopping.wait(_AGAIN_SECONDS)
            if not self._stopping.is_set():
                self._begin()


def begin_as_child(level: int, niceness: int) -> Callable[[float | None], bool]:
    """In the child: log as the parent does, yield to others, and end when told to or when the parent is gone.

    What is returned waits so many seconds (None: as long as it takes) and says whether it is time to end.
    """
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    stopping, told = multiprocessing.Pipe(duplex=False)

    def stop(*_: Any) -> None:
        told.send(None)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells us in its own time
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.nice(niceness)
    parent = multiprocessing.parent_process()
    assert parent is not None
    sentinel = parent.sentinel

    def ended(seconds: float | None) -> bool:
        return bool(wait([stopping, sentinel], seconds))

    return ended
