"""Runs a command as a shell would: arguments in, exit code, standard output and standard error out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("key", "new", …)` in an empty folder of its own, in which an embedded PostgreSQL can have its data."""
    monkeypatch.chdir(data_dir)
    for variable in ("LEDGER_DATABASE_URL", "LEDGER_ADMIN_DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])
