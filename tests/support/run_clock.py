"""The day on which a run of the tests happens: made up, and the same in every run.

Services that run in processes of their own read the clock on the wall. On that clock a run would now and then meet
midnight in Shanghai, the end of a month, 29 February, or a year that no work calendar covers; so it is moved, for
pytest and for every Python that it starts, before any test begins. Noon leaves twelve hours until the day ends.

`pytest --begin 2027-12-31T23:59:40+08:00` looks for what breaks at another moment.
"""

from __future__ import annotations

import os
import runpy
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.support.clock import NOW

__all__ = ["BEGIN", "MOVING", "moment", "move_to", "moved_to", "unmoved"]

BEGIN = NOW
MOVING = Path(__file__).with_name("moved_clock") / "sitecustomize.py"
_MOVED_BY = "LEDGER_TESTS_CLOCK_MOVED_BY"


def moment(text: str) -> int:
    """The Unix second that an ISO 8601 time with its offset names."""
    at = datetime.fromisoformat(text)
    assert at.tzinfo is not None, "a moment has an offset, such as +08:00"
    return int(at.timestamp())


def moved_to(at: int) -> Mapping[str, str]:
    """The environment in which a Python starts at the Unix second `at` instead of now."""
    moved_already = int(os.environ.get(_MOVED_BY, "0"))
    path = [str(MOVING.parent), *(one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one)]
    return {
        _MOVED_BY: str(moved_already + at - int(time.time())),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
    }


def unmoved() -> Mapping[str, str]:
    """The environment in which a Python, such as another test run, starts now, whatever clock this one has."""
    return {name: value for name, value in os.environ.items() if name != _MOVED_BY}


def move_to(at: int) -> None:
    """Move the clock of this process, and of all that it starts from now on."""
    before = os.environ.get(_MOVED_BY)
    assert before is None, "moved already"
    os.environ.update(moved_to(at))
    runpy.run_path(str(MOVING))
