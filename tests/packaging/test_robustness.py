"""`docs/robustness.md` keeps its word: every case names its tests, and every test that is named is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES_MIN = 55
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def _cases() -> list[str]:
    """The rows of the tables that have a column for tests."""
    cases: list[str] = []
    inside = False
    for line in (ROOT / "docs" / "robustness.md").read_text().splitlines():
        if not line.startswith("|"):
            inside = False
        elif line == "| case | what happens now | tests |":
            inside = True
        elif inside and not line.startswith("|---"):
            cases.append(line)
    return cases


def _tests() -> dict[str, set[str]]:
    """By the name of a file, the tests in it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        names = {one.name for one in ast.parse(path.read_text()).body if isinstance(one, ast.FunctionDef)}
        found.setdefault(path.name, set()).update(names)
    return found


def test_every_case_names_tests_and_they_are_there() -> None:
    cases, tests = _cases(), _tests()
    assert len(cases) >= CASES_MIN
    for case in cases:
        named = NAMED.findall(case.rpartition(" | ")[2])
        assert named, f"no test: {case[:80]}"
        for file, name in named:
            assert name in tests.get(file, set()), f"{file}::{name}, of the case {case[:60]}"
