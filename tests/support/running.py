"""A service as its users run it: the command in a process of its own, on real PostgreSQL, over real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

__all__ = ["RunningService", "free_port"]

START_SECONDS_MAX = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningService:
    """`credit-ledger serve` with these options. `kill` is `kill -9`; `start` again goes on from what is left."""

    def __init__(self, data_dir: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "serve.log"
        self._options = ("--requests-per-second", "1000000", "--requests-burst", "1000000", *options)
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RunningService:
        """Start it and wait until it is ready."""
        command = Path(sys.executable).with_name("credit-ledger")
        arguments = ["serve", "--port", str(self.port), "--data-dir", str(self.data_dir), *self._options]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [command, *arguments], stdout=log, stderr=log, env={**os.environ, **self._environment}
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the service did not come up:\n{self.log.read_text()[-3_000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "not started"
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        return code

    def __enter__(self) -> RunningService:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()
