"""`credit-ledger drill tamper` for real: a backup restored beside the book, tampered with, and thrown away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.audit.sources.database_source import DatabaseSource
from ledger.store.backup import backup
from ledger.store.contract import CheckpointRow
from ledger.verifier.trust_file import TrustFile
from tests.support.live_book import WITNESSES, LiveBook, trust_file_of
from tests.support.witnesses import policy_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def drill(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("credit-ledger")
    given = [str(command), "drill", "tamper", *map(str, arguments)]
    return subprocess.run(given, check=False, capture_output=True, text=True, timeout=500)


def written(trust: TrustFile, path: Path) -> Path:
    path.write_bytes(trust.format())
    return path


def checkpoints(live: LiveBook) -> list[CheckpointRow]:
    source, _ = DatabaseSource.begin(live.database.service)
    try:
        return list(source.checkpoints())
    finally:
        source.close()


def test_a_backup_is_drilled_in_a_database_of_its_own_with_every_table_among_the_mutations(
    live: LiveBook, tmp_path: Path
) -> None:
    before = checkpoints(live)
    book, report = tmp_path / "book.backup", tmp_path / "report.json"
    backup(live.database.service, book)
    trust = written(trust_file_of(live.store, policy_text(*WITNESSES)), tmp_path / "trust.json")
    done = drill("--book", book, "--trust", trust, "--most", 24, "--report", report)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "24 处篡改 / mutations: 24 被准确指出 / named exactly, 0 未指出 / missed, 0 另有误报" in done.stdout
    results = json.loads(report.read_bytes())
    assert len({one["name"] for one in results}) == 24
    assert all(one["named"] and not one["strayed"] for one in results)
    tables = {one["name"].split(":")[0] for one in results}
    assert {"ledger.entries", "ledger.checkpoints", "ledger.vault"} <= tables
    assert any(table.startswith("projections.") for table in tables)
    assert checkpoints(live) == before


def test_a_book_that_is_not_clean_or_not_of_the_trust_file_is_not_drilled(live: LiveBook, tmp_path: Path) -> None:
    book = tmp_path / "book.backup"
    backup(live.database.service, book)
    demanding = trust_file_of(live.store, policy_text("south"))
    done = drill("--book", book, "--trust", written(demanding, tmp_path / "trust.json"), "--most", 1)
    assert done.returncode not in (0, 1), done.stdout
    assert "checkpoint.quorum" in done.stdout + done.stderr
