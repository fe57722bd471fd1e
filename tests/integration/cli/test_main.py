"""Every command of the table is there, helps, and fails in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.main import COMMANDS
from tests.integration.cli.conftest import Run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_has_help(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output


def test_the_help_lists_every_command(run: Run) -> None:
    output = run("--help").output
    assert all(f"  {name} " in output for name in COMMANDS)


def test_an_unknown_command_is_a_wrong_usage(run: Run) -> None:
    result = run("sevre")
    assert result.exit_code == 2
    assert "sevre" in result.stderr


def test_a_missing_file_is_one_line_and_no_traceback(run: Run) -> None:
    result = run("charter", "show", "nowhere.cbor")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "nowhere.cbor" in result.stderr


def test_verifying_does_not_load_the_service() -> None:
    """What runs offline starts without the web framework, the server and the database driver."""
    heavy = "('fastapi', 'uvicorn', 'psycopg', 'httpx')"
    script = f"import sys, api.cli.verify; print(*(name for name in {heavy} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert found.stdout.split() == []
