"""The way of an operator, command by command, against a service in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.client.client import Client
from ledger.domain.values.dates import shanghai_date
from tests.integration.cli.conftest import Run
from tests.support.database import TestDatabase
from tests.support.running import RunningService

ORIGIN = "ledger.example/2026"
NAMES = ["--name-zh", "账本", "--name-en", "Ledger", "--organizer-name", "协会", "--approver-name", "批准方"]
ENTERPRISES = 12


@pytest.fixture
def service(run: Run, database: TestDatabase) -> Iterator[RunningService]:
    """A chartered service, with the parties' keys in the folder in which `run` runs."""
    with _chartered(run, {"LEDGER_DATABASE_URL": database.service}) as running:
        yield running


@pytest.fixture
def alone(run: Run) -> Iterator[RunningService]:
    """The same on a PostgreSQL of its own, embedded."""
    with _chartered(run, {}) as running:
        yield running


def _chartered(run: Run, environment: dict[str, str]) -> RunningService:
    make_charter(run)
    charter = str(Path("charter.cbor").resolve())
    return RunningService(Path("data").resolve(), "--charter", charter, environment=environment)


def make_charter(run: Run) -> None:
    for name in ("root", "organizer", "approver"):
        run("key", "new", "-o", f"{name}.pem")
    keys = [f"--{name}-key={name}.pem" for name in ("root", "organizer", "approver")]
    made = run("charter", "new", "--origin", ORIGIN, *NAMES, *keys, "-o", "charter.cbor")
    assert made.exit_code == 0, made.output


def today() -> date:
    return shanghai_date(int(time.time()))


def say(run: Run, type_: str, subject: str, data: dict[str, object], to: str) -> None:
    made = run(
        "statement", "new", type_, "--subject", subject, "--issuer", "party:organizer", "--audience", ORIGIN,
        "--key", "organizer.pem", "--data", json.dumps(data), "-o", to,
    )  # fmt: skip
    assert made.exit_code == 0, made.output


def open_campaign(run: Run) -> None:
    fields: dict[str, object] = {
        "name_zh": "质量诚信承诺",
        "name_en": "Quality pledges",
        "theme": "说到做到",
        "notice_number": "第1号",
        "opens_on": (today() - timedelta(days=14)).isoformat(),
        "closes_on": today().isoformat(),
        "pledge_valid_until": (today() + timedelta(days=365)).isoformat(),
        "scopes": ["comprehensive", "product", "service", "product_and_service"],
        "clauses": [],
        "overlap": "one_per_scope",
    }
    say(run, "CampaignOpened", "campaign:2026", fields, "campaign.cose")


def test_what_is_submitted_is_verified_offline_with_the_trust_file_of_the_charter(
    run: Run, service: RunningService
) -> None:
    open_campaign(run)
    submitted = run("submit", service.url, "campaign.cose")
    assert submitted.exit_code == 0, submitted.output
    verified = run("verify", "campaign.transparent.cose", "--trust", "charter.trust.json")
    assert verified.exit_code == 0, verified.output
    with Client(service.url) as client:
        Path("served.trust.json").write_bytes(client.trust())
        Path("checkpoint").write_bytes(client.checkpoint())
    assert json.loads(Path("served.trust.json").read_bytes()) == json.loads(Path("charter.trust.json").read_bytes())
    assert run("verify", "checkpoint", "--trust", "charter.trust.json").exit_code == 0
    again = json.loads(run("submit", service.url, "campaign.cose", "--json").stdout)
    assert again[0]["existing"] is True


def test_what_is_refused_is_one_line_and_leaves_no_receipt(run: Run, service: RunningService) -> None:
    say(run, "EnterpriseSized", "uscc:91350100M000100Y43", {"size_band": "micro", "size_source": "x"}, "early.cose")
    result = run("submit", service.url, "early.cose")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in Path().glob("early.*")) == ["early.cose"]


def test_a_service_that_is_not_there_is_one_line(run: Run) -> None:
    Path("x.cose").write_bytes(b"")
    result = run("submit", "http://127.0.0.1:1", "x.cose")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_roster_is_imported_once_however_often_it_is_imported(run: Run, service: RunningService) -> None:
    open_campaign(run)
    run("submit", service.url, "campaign.cose")
    window = ["--opens-on", (today() - timedelta(days=14)).isoformat(), "--closes-on", today().isoformat()]
    assert run("sample", "roster", "-n", ENTERPRISES, "--flaws", *window, "-o", "roster.xlsx").exit_code == 0
    arguments = ("import", "roster.xlsx", service.url, "--campaign", "2026", "--key", "organizer.pem")
    dry = run(*arguments, "--dry-run", "--report", "dry.json")
    assert dry.exit_code == 1, dry.output  # rows were refused
    with Client(service.url) as client:
        before = client.checkpoint()
    first, second = run(*arguments, "--report", "first.csv"), run(*arguments, "--report", "second.csv")
    assert (first.exit_code, second.exit_code) == (1, 1), first.output
    with Client(service.url) as client:
        assert client.checkpoint() != before
    rows = [
        list(csv.DictReader(Path(f"{name}.csv").read_text("utf-8-sig").splitlines())) for name in ("first", "second")
    ]
    statuses = [[row["status"] for row in table] for table in rows]
    assert len(statuses[0]) > ENTERPRISES
    assert statuses[0].count("accepted") >= ENTERPRISES
    assert "accepted" not in statuses[1]
    assert statuses[1].count("already registered") == statuses[0].count("accepted")
    assert "refused" in statuses[0]
    subject = next(row["subject"] for row in rows[0] if row["status"] == "accepted")
    with Client(service.url) as client:
        last = max(int(entry) for row in rows[0] for entry in row["entries"].split())
        open_, signed = (client.standing(subject, min_tree_size=last + 1, signed=signed) for signed in (False, True))
    assert json.loads(open_.body)["level"] == "PLEDGED"
    assert open_.tree_size > last
    Path("standing.cose").write_bytes(signed.body)
    verified = run("verify", "standing.cose", "--trust", "charter.trust.json")
    assert verified.exit_code == 0, verified.output


def test_a_running_book_is_rebuilt_and_backed_up(run: Run, alone: RunningService) -> None:
    open_campaign(run)
    run("submit", alone.url, "campaign.cose")
    rebuilt = run("rebuild", "--data-dir", "data", "--workers", 1)
    assert rebuilt.exit_code == 0, rebuilt.output
    assert run("backup", "-o", "book.tar", "--data-dir", "data").exit_code == 0
    with Client(alone.url) as client:
        Path("checkpoint").write_bytes(client.checkpoint())
    restored = run(
        "restore", "book.tar", "--data-dir", "fresh", "--checkpoint", "checkpoint", "--trust", "charter.trust.json"
    )
    assert restored.exit_code == 0, restored.output
    assert "agrees" in restored.stdout


@pytest.mark.usefixtures("run")
def test_a_stopped_service_exits_cleanly_and_goes_on_without_its_charter(alone: RunningService) -> None:
    with Client(alone.url) as client:
        before = client.checkpoint()
    assert alone.stop() == 0
    with RunningService(Path("data").resolve()) as again, Client(again.url) as client:
        assert client.checkpoint() == before


def test_a_named_database_is_served_as_its_least_role_and_as_no_other(run: Run, database: TestDatabase) -> None:
    with _chartered(run, {"LEDGER_DATABASE_URL": database.service}) as served, Client(served.url) as client:
        assert ORIGIN.encode() in client.checkpoint()
    assert not Path("data/pg").exists()
    for mightier in (database.admin, database.superuser):
        result = subprocess.run(
            [Path(sys.executable).with_name("credit-ledger"), "serve", "--port", "0"],
            env={**os.environ, "LEDGER_DATABASE_URL": mightier},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 2
        assert "refusing to serve" in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("run")
def test_an_empty_log_without_a_charter_is_refused_in_one_line() -> None:
    command = [Path(sys.executable).with_name("credit-ledger"), "serve", "--data-dir", "empty", "--port", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "--charter" in result.stderr
    assert len(result.stderr.splitlines()) == 1
