"""The scripts' types, which stand in comments, hold: looked at by TypeScript's compiler where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CONFIG = Path(__file__).resolve().parents[3] / "browser" / "tsconfig.json"


def test_the_scripts_types_hold() -> None:
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("no tsc on this machine (npm install --global typescript): the scripts' types are not checked")
    found = subprocess.run(
        [compiler, "--project", str(CONFIG)], capture_output=True, text=True, check=False, timeout=120
    )
    assert (found.returncode, found.stdout) == (0, "")
