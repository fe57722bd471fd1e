"""Parts on processes of this machine.

The standard library's pool is lost as a whole when one of its processes ends (killed for want of memory, mostly): then
another one begins, and does what was not done. Processes end with the one that leads them, however that ends.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ledger.errors import PartLost
from ledger.limits import COLLECT_AFTER_OBJECTS, PART_TRIES_MAX, PARTS_AHEAD_PER_PROCESS
from ledger.parallel.engine import Common, Done, Part

__all__ = ["ProcessEngine"]


class ProcessEngine:
    """`processes` of them, which begin when they are first needed; use it as a context manager.

    They are spawned: call it from a module that can be imported. `niceness` is theirs.
    """

    def __init__(self, processes: int, niceness: int = 0) -> None:
        self._processes = processes
        self._niceness = niceness
        self._pool: ProcessPoolExecutor | None = None
        self._ends: tuple[Connection, Connection] | None = None  # of a pipe: workers live while it is open

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end(at_once=error is not None)

    @property
    def processes(self) -> int:
        return self._processes

    def prepare(self, do: Callable[..., object]) -> None:
        """See `Engine.prepare`."""
        pool = self._begun()
        for _ in range(self._processes):
            pool.submit(_import, do)

    def run(self, do: Callable[[Common, Part], Done], common: Common, parts: Sequence[Part]) -> Iterator[Done]:
        """See `Engine.run`."""
        with tempfile.TemporaryDirectory(prefix="ledger-parts-") as folder:
            file = Path(folder) / "common"
            file.write_bytes(pickle.dumps(common))
            given = _Given(do, str(file), parts)
            try:
                for number in range(len(parts)):
                    yield self._done(given, number)
            finally:
                if given.futures:  # nobody takes what they are at
                    self._end(at_once=True)

    def _done(self, given: _Given, number: int) -> Any:
        """The result of a part, while those that follow it are worked on."""
        while True:
            try:
                given.submit(self._begun(), number, PARTS_AHEAD_PER_PROCESS * self._processes)
                result = given.futures[number].result()
            except BrokenProcessPool:
                self._end(at_once=True)
                given.lose()
                continue
            del given.futures[number]
            return result

    def _begun(self) -> ProcessPoolExecutor:
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._ends = spawn.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self._processes, spawn, _begin, (self._ends[0], self._niceness))
        return self._pool

    def _end(self, *, at_once: bool) -> None:
        pool, ends = self._pool, self._ends
        self._pool = self._ends = None
        if pool is not None and ends is not None:
            if at_once:
                ends[1].close()
            pool.shutdown(cancel_futures=True)
            ends[1].close()
            ends[0].close()


class _Given:
    """The parts that were given out, and how often each was lost with a pool."""

    def __init__(self, do: Callable[[Any, Any], Any], file: str, parts: Sequence[Any]) -> None:
        self._do = do
        self._file = file
        self._parts = parts
        self._lost: Counter[int] = Counter()
        self.futures: dict[int, Future[Any]] = {}

    def submit(self, pool: ProcessPoolExecutor, first: int, ahead: int) -> None:
        """From `first` on as many as may wait, without those that were given already."""
        for number in range(first, min(len(self._parts), first + ahead)):
            if number not in self.futures:
                self.futures[number] = pool.submit(_do, self._do, self._file, self._parts[number])

    def lose(self) -> None:
        """All that the ended pool had not done. Raises `PartLost`."""
        for number, future in list(self.futures.items()):
            if future.cancelled() or isinstance(future.exception(), BrokenProcessPool):
                del self.futures[number]
                self._lost[number] += 1
                if self._lost[number] >= PART_TRIES_MAX:
                    raise PartLost(number, len(self._parts), self._lost[number]) from None


def _begin(lives: Connection, niceness: int) -> None:
    """In a new process, before its first part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it goes to all: who leads ends the others
    os.nice(niceness)
    threading.Thread(target=_end_with_parent, args=(lives,), name="parent", daemon=True).start()


def _end_with_parent(lives: Connection) -> None:
    """A parent that is killed leaves no worker behind: it would wait for its next part for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # spawned
    wait([parent.sentinel, lives])
    os._exit(1)


def _import(do: Callable[..., object]) -> None:
    """Nothing: by being sent, its module is imported."""


_common: tuple[str, Any] = ("", None)


def _do(do: Callable[[Any, Part], Done], file: str, part: Part) -> Done:
    global _common  # noqa: PLW0603  (what this process was last given for all parts)
    if _common[0] != file:
        _common = ("", None)  # not two at a time
        _common = file, pickle.loads(Path(file).read_bytes())  # noqa: S301  (written by our parent)
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER_OBJECTS)
    return do(_common[1], part)
