"""veraPDF, the reference validator of PDF/A, where Java and Maven are at hand and its packages were brought."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

__all__ = ["validated"]

_FOLDER: Final = Path(__file__).parents[1] / "oracles" / "verapdf"
_BRING: Final = "mvn -q -f tests/oracles/verapdf/pom.xml dependency:resolve"
_SECONDS_MAX: Final = 120


def validated(*files: Path) -> list[str]:
    """What it says of each file as PDF/A-3b, in lines. Skips the test, in words, where it cannot be asked."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("java is not there (17 or later)")
    command = [java, "-cp", _class_path(), str(_FOLDER / "Validate.java"), *map(str, files)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_MAX, check=True)
    return said.stdout.splitlines()


@cache
def _class_path() -> str:
    """Of what Maven has already: a test fetches nothing."""
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("mvn is not there (on Debian: the package maven)")
    with TemporaryDirectory() as folder:
        found = Path(folder, "classpath")
        command = [maven, "-o", "-q", "-f", str(_FOLDER / "pom.xml"), "dependency:build-classpath"]
        said = subprocess.run(
            [*command, f"-Dmdep.outputFile={found}"], capture_output=True, text=True, timeout=_SECONDS_MAX, check=False
        )
        if said.returncode != 0:
            pytest.skip(f"veraPDF is not there: {_BRING}")
        return found.read_text()
