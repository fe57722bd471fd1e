"""A run of the tests happens when it is said to happen, in every process of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.support.run_clock import moment, moved_to

ASKED = [sys.executable, "-c", "import time; print(time.time_ns())"]


def seconds_of(environment: dict[str, str]) -> float:
    """The wall clock of a Python that is started in it."""
    said = subprocess.run(ASKED, env=environment, capture_output=True, check=True)
    return int(said.stdout) / 1e9


def test_this_process_began_at_the_moment_that_was_asked_for(pytestconfig: pytest.Config) -> None:
    assert 0 <= time.time() - pytestconfig.getoption("--begin") < 12 * 3_600


def test_what_the_tests_start_is_on_the_same_clock() -> None:
    before = time.time()
    assert before <= seconds_of(dict(os.environ)) <= time.time()


def test_a_process_can_be_started_at_another_moment() -> None:
    at = moment("2032-02-29T23:59:58+08:00")
    began = time.monotonic()
    said = seconds_of({**os.environ, **moved_to(at)})
    assert -1 <= said - at <= time.monotonic() - began + 1
