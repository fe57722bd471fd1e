"""The first lines that a newcomer types, as they stand in the README, against a demonstration."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.database import PostgresServer
from tests.support.running import RunningService
from tests.support.waiting import eventually

README = Path(__file__).parents[2] / "README.md"
COMMAND = Path(sys.executable).parent / "credit-ledger"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the lines of the README use curl")


def shell(lines: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", lines], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_lines_of_the_readme_fetch_and_verify_the_receipt_of_a_pledge(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    found = re.search(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    *fetch, verify = found[1].replace(".venv/bin/credit-ledger", str(COMMAND)).splitlines()
    folder = tmp_path / "reader"
    folder.mkdir()
    with (
        postgres_server.database() as database,
        RunningService(
            tmp_path / "data", "--demo", "2", environment={"LEDGER_DATABASE_URL": database.service}
        ) as service,
    ):
        filled = service.data_dir / "keys" / "filled-2"
        eventually(filled.exists, f"the sample campaign is there; the service says in {service.log}")
        fetched = shell("\n".join(fetch).replace("http://127.0.0.1:8315", service.url), folder)
        assert fetched.returncode == 0, fetched.stderr

    said = shell(verify, folder)  # the service is switched off
    assert (said.returncode, "VERIFIED" in said.stdout) == (0, True), said.stdout + said.stderr
    assert "PledgeMade" in said.stdout

    statement = folder / "pledge.transparent.cose"
    content = bytearray(statement.read_bytes())
    content[len(content) // 2] ^= 1
    statement.write_bytes(content)
    assert shell(verify, folder).returncode == 1
    (folder / "trust.json").unlink()
    assert shell(verify, folder).returncode == 2
