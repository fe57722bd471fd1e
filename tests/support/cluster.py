"""A Dask cluster as operators start it: a scheduler and workers in processes of their own, on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Cluster", "cluster"]

_START_SECONDS_MAX = 120


class Cluster:
    """`address` is the scheduler's; workers have one thread each, and do not come again when they are killed."""

    def __init__(self, folder: Path) -> None:
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

    def _run(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "dask", what, *arguments, "--no-dashboard"]
        process = subprocess.Popen(program, stdout=self._log, stderr=self._log)
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait(30)
        self._log.close()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Ended, with its workers, at the end."""
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.worker()
        yield made
    finally:
        made.close()
