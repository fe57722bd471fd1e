"""Parts for tests of engines: functions that other processes can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from ledger.errors import Refuted

__all__ = ["doubled", "killed", "killed_once", "slow", "wrong"]


def doubled(common: int, part: int) -> int:
    return common * part


def slow(common: str, part: int) -> int:
    """Says in a folder that it began."""
    (Path(common) / f"{part}-{os.getpid()}").touch()
    time.sleep(0.2)
    return part


def killed_once(common: str, part: int) -> int:
    """The first process that comes to part 3 ends as one does that has no memory left."""
    if part == 3:
        try:
            (Path(common) / "killed").touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
    return part


def killed(common: str, part: int) -> int:
    """Whoever comes to part 3 ends."""
    if part == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def wrong(common: str, part: int) -> int:
    if part == 3:
        raise Refuted("part 3 is not what it should be")
    return part
