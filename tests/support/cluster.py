"""A Dask cluster as operators start it: a scheduler and workers in processes of their own, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Cluster", "cluster"]

_START_SECONDS_MAX = 120


class Cluster:
    """`address` is the scheduler's; workers have one thread each, and do not come again when they are killed.

    `failures`: how many of them may end over one task, and another still tries.
    """

    def __init__(self, folder: Path, failures: int) -> None:
        self._environment = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures)}
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._log = (folder / "cluster.log").open("ab")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._run("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self._file))
        deadline = time.monotonic() + _START_SECONDS_MAX
        while not self._file.exists():
            assert time.monotonic() < deadline, "the scheduler did not come up"
            time.sleep(0.05)
        self.address: str = json.loads(self._file.read_text())["address"]

    def worker(self) -> subprocess.Popen[bytes]:
        """One more; it joins in its own time."""
        return self._run(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder)
        )

    def kill_worker(self) -> None:
        """End the one that came first, of those that live, as the kernel ends one for want of memory."""
        victim = next(one for one in self._processes[1:] if one.poll() is None)
        victim.kill()
        victim.wait(30)

    def _run(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "dask", what, *arguments, "--no-dashboard"]
        process = subprocess.Popen(program, stdout=self._log, stderr=self._log, env=self._environment)
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait(30)
        self._log.close()


@contextmanager
def cluster(folder: Path, workers: int, failures: int = 3) -> Iterator[Cluster]:
    """Ended, with its workers, at the end."""
    made = Cluster(folder, failures)
    try:
        for _ in range(workers):
            made.worker()
        yield made
    finally:
        made.close()
