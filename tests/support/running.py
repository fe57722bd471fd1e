"""A service as its users run it: the command in a process of its own, on real PostgreSQL, over real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx

from tests.support.run_clock import moved_to

__all__ = ["COMMAND", "RunningCommand", "RunningService", "free_port"]

COMMAND = Path(sys.executable).with_name("credit-ledger")
START_SECONDS_MAX = 120


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningCommand(ABC):
    """A command of `credit-ledger` that serves until it is ended; it writes to `log`."""

    program: Sequence[str | Path] = (COMMAND,)

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> Self:
        """Start it and wait until it is ready."""

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def said(self) -> str:
        """What it wrote for its operator."""
        return self.log.read_text()

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        return self._end(signal.SIGTERM)

    def _begin(
        self,
        *arguments: str,
        ready: str,
        environment: Mapping[str, str] | None = None,
        descriptors_max: int | None = None,
    ) -> None:
        """Run the command and wait until the address `ready` answers with 200."""
        few = () if descriptors_max is None else ("sh", "-c", f'ulimit -n {descriptors_max}; exec "$0" "$@"')
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*few, *self.program, *arguments], stdout=log, stderr=log, env={**os.environ, **(environment or {})}
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(ready, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"credit-ledger {arguments[0]} did not come up:\n{self.said[-3_000:]}")

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "not started"
        self._process.send_signal(number)
        code = self._process.wait(120)
        self._process = None
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()


class RunningService(RunningCommand):
    """`credit-ledger serve` with these options. `kill` is `kill -9`; `start` again goes on from what is left."""

    def __init__(
        self,
        data_dir: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        descriptors_max: int | None = None,
    ) -> None:
        super().__init__(data_dir / "serve.log")
        self._descriptors_max = descriptors_max
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Another process for each service of a run is much: whoever tests or measures it says `--pages-ahead`.
        self._options = (
            *("--requests-per-second", "1000000", "--requests-burst", "1000000", "--no-pages-ahead"),
            *options,
        )
        self._environment = environment

    def start_at(self, at: int) -> Self:
        """Start it on another clock, which says the Unix second `at` now."""
        self._environment = {**(self._environment or {}), **moved_to(at)}
        return self.start()

    def start(self) -> Self:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        options = "--port", str(self.port), "--data-dir", str(self.data_dir), *self._options
        self._begin(
            "serve",
            *options,
            ready=f"{self.url}/readyz",
            environment=self._environment,
            descriptors_max=self._descriptors_max,
        )
        return self
