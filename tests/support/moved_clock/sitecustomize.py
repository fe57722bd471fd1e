"""Moves the wall clock of a Python by the seconds in its environment, before anything of the program runs.

Python imports a module of this name at its start (docs.python.org, `site`); `tests.support.run_clock` says why, and
puts this folder on the path of every process that the tests start. Only what tells the date is moved: time goes on
at its real pace, and sleeping, waiting and the times of files are as ever.
"""

import os
import time

MOVED_BY = "LEDGER_TESTS_CLOCK_MOVED_BY"  # whole seconds, negative into the past


def _move(seconds: int, unmoved: object = time.time, unmoved_ns: object = time.time_ns) -> None:
    time.time = lambda: unmoved() + seconds  # type: ignore[operator]
    time.time_ns = lambda: unmoved_ns() + seconds * 1_000_000_000  # type: ignore[operator]


if MOVED_BY in os.environ:
    _move(int(os.environ[MOVED_BY]))
