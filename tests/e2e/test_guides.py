"""The guides do what they say: their commands, in order, from an empty folder, against a fresh service.

The organizer's guide starts its own. The others go on from a stage of it, in a folder beside it, as other people would.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.book import today
from tests.support.database import PostgresServer
from tests.support.documents import script
from tests.support.running import free_port

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
SECONDS_MAX = 600
ORGANIZER = "organizer.md"
# What a guide goes on from: the organizer's guide up to this heading; and what it leads to, by its last write.
BEFORE = {"enterprise.md": "## 7. ", "programmer.md": "## 9. ", "regulator.md": "## 9. "}
PROVED = {
    ORGANIZER: "pledge.transparent.cose",
    "enterprise.md": "early.cose",
    "programmer.md": "changed.standing.cose",
    "regulator.md": "evidence.zip",
}


@pytest.mark.slow
@pytest.mark.timeout(3 * SECONDS_MAX)
@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_a_guide_leads_from_an_empty_folder_to_its_end(
    guide: str, postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (GUIDES / guide).read_text("utf-8")
    office, own = tmp_path / "office", tmp_path / "own"
    office.mkdir()
    own.mkdir()
    port, day = free_port(), today()
    with postgres_server.database(empty=True) as database:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LEDGER_DATABASE_URL": database.service,
            "LEDGER_ADMIN_DATABASE_URL": database.admin,
            "PORT": str(port),
            "TODAY": str(day),
            "IN_A_YEAR": str(day + timedelta(days=300)),
        }
        try:
            if guide != ORGANIZER:
                whole = (GUIDES / ORGANIZER).read_text("utf-8")
                before, found, _ = whole.partition(f"\n{BEFORE[guide]}")
                assert found, f"the organizer's guide has no section {BEFORE[guide]}"
                run(script(before), office, environment)
                notified = day - timedelta(days=60)  # enough for five working days of any calendar
                environment |= {
                    "LEDGER": f"http://127.0.0.1:{port}",
                    "WITNESS_PORT": str(free_port()),
                    "OFFICE": str(office),
                    "NOTIFIED": str(notified),
                    "MONTH": f"{notified:%Y-%m}",
                    "IN_TEN_DAYS": str(day + timedelta(days=10)),
                }
            began = tmp_path / "began"
            began.touch()  # times of files, all by the machine's own clock
            run(script(text), own, environment)
        finally:
            stop(tmp_path)
    proved = own / PROVED[guide]
    took = proved.stat().st_mtime - began.stat().st_mtime
    with capsys.disabled():
        print(f"\n{guide}: {took:.1f} s from an empty folder to {proved.name}")


def run(lines: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", lines],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def stop(folder: Path) -> None:
    """End what a guide left running: its own, by the ids that it wrote down."""
    for pid in folder.glob("*/*.pid"):
        subprocess.run(["kill", pid.read_text().strip()], capture_output=True, check=False)
