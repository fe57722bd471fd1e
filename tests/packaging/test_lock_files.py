"""The lock files name every package that the project needs, by version and hash, and no address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-oracles.lock"]
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {m["name"]: m["version"] for line in lines if (m := PIN.match(line))}


def wanted(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_a_hash_or_the_header(lock: str) -> None:
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        assert (
            PIN.match(line) or re.match(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", line) or line.startswith("# ")
        ), line


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_is_locked(lock: str) -> None:
    assert not re.search(r"://|index-url|find-links|\s@\s", (ROOT / lock).read_text(encoding="utf-8"))


def test_what_runs_is_what_is_tested() -> None:
    tested = pins("requirements-dev.lock")
    assert pins("requirements.lock").items() <= tested.items()


def test_every_requirement_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = project["project"]["dependencies"] + project["build-system"]["requires"]
    assert {wanted(r) for r in needed} <= pins("requirements.lock").keys()
    extras = [r for group in project["project"]["optional-dependencies"].values() for r in group]
    assert {wanted(r) for r in extras} <= pins("requirements-dev.lock").keys()


def test_foreign_implementations_are_locked_by_themselves_and_hold_nothing_back() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oracles = {wanted(r) for r in project["dependency-groups"]["oracles"]}
    assert oracles <= pins("requirements-oracles.lock").keys()
    assert not oracles & pins("requirements-dev.lock").keys()
