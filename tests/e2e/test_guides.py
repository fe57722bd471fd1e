"""The guides do what they say: their commands, in order, from an empty folder, against a fresh service.

The organizer's guide starts its own. The others go on from a stage of it, in a folder beside it, as other people would:
each in a copy of the office as it was then, folder and database, with its service started again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.e2e.book import today
from tests.support.database import PostgresServer, TestDatabase
from tests.support.documents import script
from tests.support.running import free_port

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
SECONDS_MAX = 600
ORGANIZER = "organizer.md"
SERVE = "credit-ledger serve "
# What a guide goes on from: the organizer's guide up to this heading; and what it leads to, by its last write.
ENROLLED, VERIFIED = "## 7. ", "## 9. "
BEFORE = {"enterprise.md": ENROLLED, "programmer.md": VERIFIED, "regulator.md": VERIFIED}
PROVED = {
    ORGANIZER: "pledge.transparent.cose",
    "enterprise.md": "early.cose",
    "programmer.md": "changed.standing.cose",
    "regulator.md": "evidence.zip",
}


class Office(NamedTuple):
    """The organizer's folder and database, at rest."""

    folder: Path
    database: TestDatabase


@pytest.fixture(scope="module")
def office_at(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Office]]:
    """The office as the organizer's guide leaves it before a heading; each stage is made once, when it is asked for."""
    text = (GUIDES / ORGANIZER).read_text("utf-8")
    made: dict[str, Office] = {}

    def at(heading: str) -> Office:
        if heading not in made:
            folder = tmp_path_factory.mktemp("office") / "office"
            if heading == ENROLLED:
                database = databases.enter_context(postgres_server.database(empty=True))
                folder.mkdir()
                lines = script(_between(text, "", heading))
            else:
                before = at(ENROLLED)
                database = databases.enter_context(postgres_server.copy(before.database))
                shutil.copytree(before.folder, folder)
                lines = f"{serving()}\n{script(_between(text, ENROLLED, heading))}"
            try:
                run(lines, folder, environment(database, free_port()))
            finally:
                stop(folder)
            made[heading] = Office(folder, database)
        return made[heading]

    with ExitStack() as databases:
        yield at


def _between(text: str, start: str, end: str) -> str:
    """What a guide has from one heading to another."""
    before, found, _ = text.partition(f"\n{end}")
    assert found, f"the organizer's guide has no section {end}"
    return before if not start else before[before.index(f"\n{start}") :]


def serving() -> str:
    """The commands by which the organizer's guide starts the service and waits for it."""
    lines = script((GUIDES / ORGANIZER).read_text("utf-8")).splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith(SERVE))
    assert re.match("for i in .*readyz", lines[first + 1])
    return "\n".join(("set -eux -o pipefail", *lines[first : first + 2]))


def environment(database: TestDatabase, port: int) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LEDGER_DATABASE_URL": database.service,
        "LEDGER_ADMIN_DATABASE_URL": database.admin,
        "PORT": str(port),
        "TODAY": str(today()),
        "IN_A_YEAR": str(today() + timedelta(days=300)),
    }


@pytest.mark.slow
@pytest.mark.timeout(3 * SECONDS_MAX)
@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_a_guide_leads_from_an_empty_folder_to_its_end(
    guide: str,
    postgres_server: PostgresServer,
    office_at: Callable[[str], Office],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (GUIDES / guide).read_text("utf-8")
    office, own = tmp_path / "office", tmp_path / "own"
    own.mkdir()
    port, day = free_port(), today()
    before = None if guide == ORGANIZER else office_at(BEFORE[guide])
    with postgres_server.database(empty=True) if before is None else postgres_server.copy(before.database) as database:
        given = environment(database, port)
        try:
            if before is not None:
                shutil.copytree(before.folder, office)
                run(serving(), office, given)
                notified = day - timedelta(days=60)  # enough for five working days of any calendar
                given |= {
                    "LEDGER": f"http://127.0.0.1:{port}",
                    "WITNESS_PORT": str(free_port()),
                    "OFFICE": str(office),
                    "NOTIFIED": str(notified),
                    "MONTH": f"{notified:%Y-%m}",
                    "IN_TEN_DAYS": str(day + timedelta(days=10)),
                }
            began = tmp_path / "began"
            began.touch()  # times of files, all by the machine's own clock
            run(script(text), own, given)
        finally:
            for folder in (office, own):
                stop(folder)
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
    for pid in folder.glob("*.pid"):
        try:
            process = psutil.Process(int(pid.read_text()))
            process.terminate()
            process.wait(60)
        except psutil.NoSuchProcess:
            pass
        pid.unlink()
