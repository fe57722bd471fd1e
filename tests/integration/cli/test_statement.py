"""Statements made on the command line are what they claim to be, or are not made at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import Result

from ledger.cose.statement import decode_event, parse_statement, verify_statement
from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.keys.signer import load_key
from tests.integration.cli.conftest import Run

SUBJECT = "uscc:91350100M000100Y43"
ASSESSED = {
    "code": "35010020260315000001",
    "period_from": "2026-03-15",
    "period_until": "2026-09-14",
    "result": "full",
    "assessor": "协会",
    "assessor_code": "51100000500000315Q",
}


@pytest.fixture
def new(run: Run) -> Run:
    run("key", "new", "-o", "k.pem")
    common = ["--subject", SUBJECT, "--issuer", "party:assoc", "--audience", "log.example", "--key", "k.pem"]

    def make(type_: str, data: object, *more: str, to: str = "s.cose") -> Result:
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        return run("statement", "new", type_, *common, "--data", text, "-o", to, *more)

    return make


def test_an_open_statement_says_what_was_given(new: Run) -> None:
    result = new("EnterpriseRenamed", {"name": "新名称", "evidence": "公告"}, "--effective-on", "2026-03-01")
    assert result.exit_code == 0, result.output
    statement = verify_statement(parse_statement(Path("s.cose").read_bytes()), load_key(Path("k.pem")).public)
    assert (statement.subject, statement.issuer, statement.audience) == (SUBJECT, "party:assoc", "log.example")
    event = decode_event(statement)
    assert isinstance(event, EnterpriseRenamed)
    assert (event.name, event.effective_on.isoformat()) == ("新名称", "2026-03-01")
    assert hashlib.sha256(Path("s.cose").read_bytes()).hexdigest() in result.stdout
    assert not Path("s.body.json").exists()


def test_a_type_that_must_be_sealed_is_sealed_without_being_asked(new: Run) -> None:
    assert new("FulfilmentAssessed", ASSESSED).exit_code == 0
    statement = parse_statement(Path("s.cose").read_bytes())
    assert statement.sealed
    assert b"2026-03-15" not in statement.raw
    assert isinstance(decode_event(statement, Path("s.body.json").read_bytes()), FulfilmentAssessed)


def test_two_seals_of_one_content_do_not_show_that_they_are_one(new: Run) -> None:
    new("FulfilmentAssessed", ASSESSED)
    new("FulfilmentAssessed", ASSESSED, to="t.cose")
    first, second = (parse_statement(Path(name).read_bytes()) for name in ("s.cose", "t.cose"))
    assert first.commitment != second.commitment


def test_sealing_is_a_choice_only_where_the_type_leaves_one(new: Run) -> None:
    assert new("EnterpriseRenamed", {"name": "新名称", "evidence": "公告"}, "--sealed").exit_code == 0
    assert parse_statement(Path("s.cose").read_bytes()).sealed
    refused = new("EnterpriseSized", {"size_band": "micro", "size_source": "x"}, "--sealed", to="t.cose")
    assert refused.exit_code == 2
    assert not Path("t.cose").exists()


@pytest.mark.parametrize(
    ("type_", "data", "said"),
    [
        ("EnterpriseRenamed", {"name": "x"}, "evidence"),
        ("EnterpriseRenamed", {"name": "x", "evidence": "y", "nmae": "z"}, "nmae"),
        ("EnterpriseRenamed", {"name": 3, "evidence": "y"}, "name"),
        ("EnterpriseRenamed", "[1]", "object"),
        ("EnterpriseRenamed", "{", "JSON"),
        ("EnterpriseRenmaed", {}, "EnterpriseRenmaed"),
        ("EnterpriseRenamed", {"name": "x", "evidence": "y", "v": 2}, "version"),
    ],
)
def test_what_does_not_fit_the_type_is_named_and_not_signed(new: Run, type_: str, data: object, said: str) -> None:
    result = new(type_, data)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("credit-ledger: ")
    assert not Path("s.cose").exists()


def test_data_can_come_from_a_file(new: Run) -> None:
    Path("data.json").write_text(json.dumps({"name": "新名称", "evidence": "公告"}), encoding="utf-8")
    assert new("EnterpriseRenamed", "@data.json").exit_code == 0


def test_a_statement_is_never_overwritten(new: Run) -> None:
    new("FulfilmentAssessed", ASSESSED)
    before = [Path(name).read_bytes() for name in ("s.cose", "s.body.json")]
    assert new("FulfilmentAssessed", ASSESSED).exit_code == 2
    assert [Path(name).read_bytes() for name in ("s.cose", "s.body.json")] == before


def test_a_shown_statement_can_be_read_by_a_program(new: Run, run: Run) -> None:
    new("FulfilmentAssessed", ASSESSED)
    shown = json.loads(run("statement", "show", "s.cose", "--json").stdout)
    assert shown["content"]["result"] == "full"
    assert shown["sealed"] is True
    Path("s.body.json").unlink()
    closed = run("statement", "show", "s.cose")
    assert closed.exit_code == 0
    assert "closed" in closed.stdout
    assert "not verified" in closed.stderr
