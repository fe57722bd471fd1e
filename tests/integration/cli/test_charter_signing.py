"""A charter from public keys and proofs alone: who has to say what adds it, in turn, with one private key each."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from ledger.charter.charter_file import read_charter
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.party import KeyEnrolled
from ledger.verifier.trust_file import parse_trust
from tests.support.database import PostgresServer
from tests.support.running import RunningService

ORIGIN = "ledger.example.org/2026"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Key files of a root, an organizer's two officers and an approver, and the public files of all but the root."""
    monkeypatch.chdir(tmp_path)
    for name in ("root", "organizer", "organizer-2", "approver"):
        assert run("key", "new", "-o", f"{name}.pem").exit_code == 0
    for name in ("organizer", "organizer-2", "approver"):
        party = f"party:{name.removesuffix('-2')}"
        shown = run("key", "show", f"{name}.pem", "--party", party, "--audience", ORIGIN, "--json")
        Path(f"{name}.json").write_text(shown.stdout, encoding="utf-8")
    return tmp_path


def draft(*more: str) -> Result:
    named = ("--origin", ORIGIN, "--name-zh", "账本", "--name-en", "Ledger", "--root-key", "root.pem", "-o", "c.cbor")
    organizer = ("--party", "organizer", "organizer.json", "协会", "Association")
    second = ("--party", "organizer", "organizer-2.json", "协会", "Association")
    approver = ("--party", "approver", "approver.json", "消委会", "Council")
    return run("charter", "draft", *named, *organizer, *second, *approver, *more)


def test_each_adds_what_is_theirs_to_say_and_the_service_begins_with_it(
    folder: Path, postgres_server: PostgresServer
) -> None:
    assert "organizer, approver" in draft().stdout
    assert "approver" in run("charter", "sign", "c.cbor", "--key", "organizer-2.pem").stdout
    assert "whole" in run("charter", "sign", "c.cbor", "--key", "approver.pem").stdout
    statements = read_charter(Path("c.cbor").read_bytes())
    said = map(decode_event, map(parse_statement, statements))
    officers = [event.officer for event in said if isinstance(event, KeyEnrolled)]
    assert officers == ["organizer-1", "organizer-2", "approver-1"]
    options = ("--charter", "c.cbor")
    with (
        postgres_server.database() as database,
        RunningService(folder / "data", *options, environment={"LEDGER_DATABASE_URL": database.service}) as service,
    ):
        own = parse_trust(httpx.get(f"{service.url}/.well-known/credit-ledger-trust.json").content)
    assert parse_trust(Path("c.trust.json").read_bytes()).charter == own.charter


def test_nobody_signs_out_of_turn_or_twice(folder: Path) -> None:
    draft()
    before = Path("c.cbor").read_bytes()
    for key in ("approver", "root"):
        assert run("charter", "sign", "c.cbor", "--key", f"{key}.pem").exit_code == 1
    assert Path("c.cbor").read_bytes() == before
    assert run("charter", "sign", "c.cbor", "--key", "organizer.pem").exit_code == 0
    again = run("charter", "sign", "c.cbor", "--key", "organizer.pem")
    assert "the next to sign is the approver" in again.stderr


def test_a_proof_for_another_party_or_log_is_refused_with_its_file(folder: Path) -> None:
    public = json.loads(Path("approver.json").read_text())
    Path("forged.json").write_text(json.dumps(public | {"party": "party:regulator"}))
    refused = draft("--party", "regulator", "forged.json", "监管", "Regulator")
    assert refused.exit_code == 1
    assert "forged.json" in refused.stderr
    assert not Path("c.cbor").exists()


def test_two_officers_with_one_key_are_none(folder: Path) -> None:
    assert "a key of their own" in draft("--party", "organizer", "organizer.json", "协会", "Association").stderr
