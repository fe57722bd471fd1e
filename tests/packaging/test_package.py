"""An installed copy has everything that the tree has: a container is built from one."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_of_the_packages_is_installed(tmp_path: Path) -> None:
    build = [sys.executable, "-c", "from setuptools import setup; setup()", "--quiet"]
    egg_info = ["egg_info", "--egg-base", str(tmp_path)]
    subprocess.run([*build, *egg_info, "build_py", "--build-lib", str(tmp_path / "lib")], cwd=ROOT, check=True)
    for package in ("ledger", "projections", "api"):
        sources = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*") if path.is_file()}
        sources = {path for path in sources if "__pycache__" not in path.parts}
        assert sources
        assert [str(path) for path in sorted(sources) if not (tmp_path / "lib" / path).exists()] == []


def test_scripts_can_be_executed() -> None:
    for script in (".ci/run", "tools/lock", "tools/newest-python", "docker/roles.sh"):
        assert (ROOT / script).stat().st_mode & stat.S_IXUSR, script


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "step make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
