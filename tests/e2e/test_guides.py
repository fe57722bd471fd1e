"""The guides do what they say: their commands, in order, from an empty folder, against a service that they start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.book import today
from tests.support.database import PostgresServer
from tests.support.running import free_port

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 600
PROVED = {"organizer.md": "pledge.transparent.cose"}  # what a guide leads to, by its last write


def commands(guide: str) -> str:
    """The guide's blocks as one script that ends at the first command that fails, and says which."""
    blocks = BLOCK.findall((GUIDES / guide).read_text("utf-8"))
    assert blocks, f"{guide} has no commands"
    return "set -eux -o pipefail\n" + "\n".join(blocks)


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS_MAX)
@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_a_guide_leads_from_an_empty_folder_to_its_end(
    guide: str, postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with postgres_server.database(empty=True) as database:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LEDGER_DATABASE_URL": database.service,
            "LEDGER_ADMIN_DATABASE_URL": database.admin,
            "PORT": str(free_port()),
            "TODAY": str(today()),
            "IN_A_YEAR": str(today() + timedelta(days=300)),
        }
        began = tmp_path / "began"
        began.touch()  # times of files, all by the machine's own clock
        try:
            done = subprocess.run(
                ["bash", "-c", commands(guide)],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )
        finally:
            stop(tmp_path / "serve.pid")
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    proved = tmp_path / PROVED[guide]
    took = proved.stat().st_mtime - began.stat().st_mtime
    with capsys.disabled():
        print(f"\n{guide}: {took:.1f} s from an empty folder to {proved.name}")


def stop(pid: Path) -> None:
    """End what the guide left running, where it broke off before its end."""
    if pid.exists():
        subprocess.run(["kill", pid.read_text().strip()], capture_output=True, check=False)
