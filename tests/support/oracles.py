"""Foreign implementations as a test asks them: each in a process of its own, on the environment of the oracles."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.oracles import lines

__all__ = ["ORACLES", "Oracle", "Refused", "oracles_have"]

ROOT = Path(__file__).resolve().parents[2]
ORACLES = ROOT / ".venv-oracles" / "bin" / "python"


class Refused(Exception):
    """What the foreign implementation raised: the name of its class, and its words."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(f"{kind}: {words}")
        self.kind = kind


class Oracle:
    """A program of `tests/oracles/`, started when it is entered. It waits for nothing but its next call."""

    def __init__(self, program: str) -> None:
        require_oracles()
        self._command = [str(ORACLES), "-m", f"tests.oracles.{program}"]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, call: str, **given: object) -> Any:
        """What the call returns. Raises `Refused` where it raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(lines.write({"call": call, "given": given}))
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{self._command[-1]} ended with {self._process.wait(10)}"
        reply = lines.read(line)
        if "refused" in reply:
            raise Refused(reply["refused"], reply["words"])
        return reply["answer"]


def require_oracles() -> None:
    assert ORACLES.exists(), "the environment of foreign implementations is missing: make .venv-oracles/installed"


def oracles_have(module: str) -> bool:
    """Whether a module is there: some need a newer Python than this machine may have."""
    require_oracles()
    return subprocess.run([ORACLES, "-c", f"import {module}"], check=False, capture_output=True).returncode == 0
