"""The log's own keys were succeeded: the browser follows them as the Python verifier does."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from api.client.client import Client
from tests.browser.conftest import Watched
from tests.browser.program import Program
from tests.e2e import test_log_keys
from tests.e2e.test_log_keys import Succeeded

log = test_log_keys.log  # a fixture


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def program(watched: Watched) -> Program:
    return Program(watched.open())


def _asked(log: Succeeded, index: int, trust: bytes) -> dict[str, Any]:
    with Client(log.book.service.url) as client:
        data, evidence = client.statement(index), client.evidence(index)
    given = {"data": _text(data), "evidence": _text(evidence), "body": None, "proofs": []}
    return {"of": "entry", "trust": _text(trust), **given}


def test_trees_under_succeeded_keys_are_verified_with_the_trust_file_of_then_and_of_now(
    program: Program, log: Succeeded
) -> None:
    then, now = log.old_trust.read_bytes(), log.book.get("/.well-known/credit-ledger-trust.json").content
    assert b"successions" in now
    assert b"successions" not in then
    lines = [_asked(log, index, trust) for trust in (then, now) for index in (log.old_entry, log.book.size() - 1)]
    assert [answer["verdict"] for answer in program.recorded(lines)] == ["verified"] * 4


def test_an_entry_under_new_keys_without_what_the_root_said_of_them_is_not_verified(
    program: Program, log: Succeeded
) -> None:
    new = _asked(log, log.book.size() - 1, log.old_trust.read_bytes())
    (answer,) = program.recorded([{**new, "evidence": _text(log.old_files[1])}])
    assert answer["verdict"] == "uncheckable", answer
    assert "succeeded its keys" in answer["why"]


def test_a_checkpoint_by_itself_needs_the_trust_file_of_now(program: Program, log: Succeeded) -> None:
    then, now = log.old_trust.read_bytes(), log.book.get("/.well-known/credit-ledger-trust.json").content
    files = {"checkpoint": log.book.checkpoint()}
    reports = [program.files(files, trust, int(time.time()))[0] for trust in (then, now)]
    assert [report["verdict"] == "verified" for report in reports] == [False, True], reports
