"""`statement new`: an example for every type, all faults at once, questions, subjects as people type them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from api.cli.event_data import faults, template
from api.cli.main import main
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.examples import example
from ledger.domain.rules.catalogue import SPECS

PLEDGE = {
    "campaign": "campaign:2026",
    "scope": "product",
    "reason": "参加承诺活动",
    "content": "保证质量",
    "liability": "退货",
    "made_on": "2026-03-16",
    "accepting_body": "协会",
    "accepting_code": "100000",
    "disclosure": "public",
}


def new(folder: Path, type_: str, subject: str, *more: str, asked: str | None = None) -> Result:
    key = folder / "k.pem"
    if not key.exists():
        CliRunner().invoke(main, ["key", "new", "-o", str(key)])
    common = ("--issuer", "party:organizer", "--audience", "log.example", "--key", str(key))
    out = ("-o", str(folder / "s.cose"))
    return CliRunner().invoke(
        main, ["statement", "new", type_, "--subject", subject, *common, *out, *more], input=asked
    )


@pytest.mark.parametrize("type_", sorted(SPECS))
def test_the_template_of_every_type_fits_it(type_: str) -> None:
    event = SPECS[type_].event
    document = {"v": 1, "effective_on": "2026-03-16", "type": type_, **template(event)}
    assert list(faults(event, document)) == []
    assert isinstance(msgspec.convert(document, event), event)


@pytest.mark.parametrize("type_", sorted(SPECS))
def test_the_example_of_every_type_on_the_reference_page_is_taken_as_it_stands(type_: str) -> None:
    event = SPECS[type_].event
    assert list(faults(event, msgspec.to_builtins(example(event)))) == []


def test_a_template_is_edited_and_signed(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["statement", "new", "CampaignOpened", "--template"])
    example = tmp_path / "data.json"
    example.write_text(shown.stdout.replace("文字", "“3·15”承诺活动"), encoding="utf-8")
    assert new(tmp_path, "CampaignOpened", "2026", "--data", f"@{example}").exit_code == 0


def test_all_faults_are_told_at_once_with_the_words_that_are_taken(tmp_path: Path) -> None:
    wrong = PLEDGE | {"scope": "everything", "made_on": "yesterday", "disclousre": "public", "evidence": {"row": "x"}}
    del wrong["content"]
    made = new(tmp_path, "PledgeMade", "local:test/1", "--data", json.dumps(wrong))
    assert made.exit_code == 1
    lines = made.stderr.splitlines()
    assert [re.split("[:：]", line)[0] for line in lines[:-1]] == [
        "disclousre",
        "scope",
        "content",
        "made_on",
        "evidence.file",
        "evidence.row",
    ]
    assert "comprehensive, product, service, product_and_service" in lines[1]
    assert "6 处" in lines[-1]
    assert not (tmp_path / "s.cose").exists()


def test_a_public_pledge_without_liability_is_refused_when_it_is_signed(tmp_path: Path) -> None:
    data = {name: value for name, value in PLEDGE.items() if name != "liability"}
    made = new(tmp_path, "PledgeMade", "local:test/1", "--data", json.dumps(data))
    assert made.exit_code == 1
    assert made.stderr.startswith("credit-ledger: pledge.liability_missing")


def test_questions_are_asked_again_until_the_answer_fits(tmp_path: Path) -> None:
    data = {name: value for name, value in PLEDGE.items() if name not in ("scope", "made_on")}
    answers = "all\nservice\n2026-03-16\n" + "\n" * 8
    made = new(tmp_path, "PledgeMade", "local:test/1", "--data", json.dumps(data), "--ask", asked=answers)
    assert made.exit_code == 0, made.output
    event = decode_event(parse_statement((tmp_path / "s.cose").read_bytes()))
    assert (event.scope, str(event.made_on)) == ("service", "2026-03-16")  # type: ignore[union-attr]
    assert "one of comprehensive" in made.output


@pytest.mark.parametrize(
    ("type_", "typed", "subject"),
    [
        ("CampaignClosed", "2026", "campaign:2026"),
        ("CampaignClosed", "campaign:2026", "campaign:2026"),
        ("PledgeMade", "91110000600037341l", "uscc:91110000600037341L"),
        ("RoleRevoked", "organizer", "party:organizer"),
    ],
)
def test_a_subject_is_taken_as_people_type_it(type_: str, typed: str, subject: str, tmp_path: Path) -> None:
    data = {"PledgeMade": PLEDGE, "RoleRevoked": {"role": "organizer", "reason": "换届"}}.get(type_, {})
    made = new(tmp_path, type_, typed, "--data", json.dumps(data))
    assert made.exit_code == 0, made.output
    assert parse_statement((tmp_path / "s.cose").read_bytes()).subject == subject
