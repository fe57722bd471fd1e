"""Audits that somebody at a desk starts: one at a time, in a process of its own, each with a folder for its report.

Thread-safe. A run that a crash of the service cut off has neither report nor process any more: it is "ended".
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from ledger.errors import Busy, NotFound
from ledger.limits import AUDIT_RUNS_KEPT_MAX, AUDIT_STOP_SECONDS_MAX

__all__ = ["FAILED", "HTML", "JSON", "PROGRESS", "AuditProgress", "AuditRun", "AuditRuns"]

HTML: Final = "report.html"
JSON: Final = "report.json"
PROGRESS: Final = "progress.json"
FAILED: Final = "failed.txt"
_NAME: Final = re.compile("[0-9]{8,12}")
_AGAIN_SECONDS: Final = 60


class AuditProgress(Struct, frozen=True):
    """What is being looked at, how much of it is done, of how much."""

    what: str
    done: int
    total: int


class AuditRun(Struct, frozen=True):
    """An audit that was started, and how far it is.

    `name` is the Unix second at which it began. `progress` of one that runs, `why` of one that failed.
    """

    name: str
    state: Literal["running", "done", "failed", "ended"]
    progress: AuditProgress | None = None
    why: str = ""

    @property
    def began_at(self) -> int:
        return int(self.name)


class AuditRuns:
    """In `folder`, made when it is needed; of the database at `conninfo`."""

    def __init__(self, folder: Path, conninfo: str) -> None:
        self._folder = folder
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ""

    def start(self) -> str:
        """The new run's name. Raises `Busy` while another one runs."""
        with self._lock:
            if self._alive():
                raise Busy("an audit that is under way", _AGAIN_SECONDS)
            name = str(max(int(time.time()), 1 + max((int(one.name) for one in self._found()), default=0)))
            folder = self._folder / name
            folder.mkdir(parents=True)
            program = [sys.executable, "-m", "api.auditing.background_audit", str(folder)]
            self._process = subprocess.Popen(program, stdin=subprocess.PIPE)  # noqa: S603 - our own program
            assert self._process.stdin is not None  # it was asked for
            self._process.stdin.write(self._conninfo.encode() + b"\n")
            self._process.stdin.flush()
            self._running = name
            for old in self._found()[AUDIT_RUNS_KEPT_MAX:]:
                shutil.rmtree(old, ignore_errors=True)
            return name

    def stop(self) -> None:
        """End the one that runs, if there is one."""
        with self._lock:
            if self._process is not None and self._alive():
                assert self._process.stdin is not None
                self._process.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(AUDIT_STOP_SECONDS_MAX)
                if self._alive():
                    self._process.kill()
                    self._process.wait()

    def all(self) -> Sequence[AuditRun]:
        """The newest first."""
        with self._lock:
            return [self._run(one) for one in self._found()]

    def report(self, name: str) -> dict[str, Any]:
        """The report as JSON, decoded. Raises `NotFound`."""
        found: dict[str, Any] = msgspec.json.decode(self.file(name, JSON))
        return found

    def file(self, name: str, which: str) -> bytes:
        """`HTML` or `JSON` of a run. Raises `NotFound` where there is no such run, or it has no report (yet)."""
        if _NAME.fullmatch(name) and which in (HTML, JSON):
            with suppress(FileNotFoundError):
                return (self._folder / name / which).read_bytes()
        raise NotFound("no such audit, or it has no report")

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _found(self) -> list[Path]:
        try:
            return sorted((one for one in self._folder.iterdir() if _NAME.fullmatch(one.name)), reverse=True)
        except FileNotFoundError:
            return []

    def _run(self, folder: Path) -> AuditRun:
        if (folder / JSON).exists():
            return AuditRun(folder.name, "done")
        with suppress(FileNotFoundError):
            return AuditRun(folder.name, "failed", why=(folder / FAILED).read_text("utf-8"))
        if folder.name != self._running or not self._alive():
            return AuditRun(folder.name, "ended")
        progress = None
        with suppress(FileNotFoundError):
            progress = msgspec.json.decode((folder / PROGRESS).read_bytes(), type=AuditProgress)
        return AuditRun(folder.name, "running", progress)
