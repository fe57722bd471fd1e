"""A signed standing counts as far as the entries behind it are shown, and not beyond."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ledger.cose.sign1 import split
from ledger.cose.standing_token import sign_standing
from tests.browser.conftest import SUBJECT, Shown, Watched
from tests.browser.program import Program
from tests.support.charter import ORIGIN
from tests.support.keys import log_keys


def _signed(said: dict[str, Any], subject: str = SUBJECT) -> bytes:
    payload = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    signer = log_keys(ORIGIN).standing
    return sign_standing(payload, subject=subject, origin=ORIGIN, issued_at=int(time.time()), signer=signer)


@pytest.fixture
def program(watched: Watched) -> Program:
    return Program(watched.open())


def test_a_reason_that_no_entry_bears_out_is_refuted_however_well_it_is_signed(program: Program, shown: Shown) -> None:
    _, _, payload, _ = split(shown.standing())
    assert payload is not None
    said = json.loads(payload)
    trust, now, bundle = shown.trust_file(), int(time.time()), shown.bundle()

    def verdict(**changed: Any) -> str:
        files = {"it.bundle.cbor": bundle, "it.standing.cose": _signed({**said, **changed})}
        reports = {report["kind"]: report for report in program.files(files, trust, now)}
        assert reports["bundle"]["verdict"] == "verified"
        return str(reports["standing"]["verdict"])

    assert verdict() == "verified"
    elsewhere = {**said["pledges"][0], "entry": shown.pledge - 20}  # an entry, but not about this enterprise
    assert verdict(pledges=[elsewhere]) == "refuted"
    assert verdict(reasons=[{"entry": 10**6}]) == "uncheckable"  # beyond what the bundle covers
    assert verdict(reasons=[{"entry": "35"}]) == "refuted"
    assert verdict(policy={"entry": shown.pledge}) == "refuted"
    assert verdict(reasons_not_shown=1) == "uncheckable"
    assert verdict(subject="uscc:91310000MA1FL8XQ37") == "refuted"


def test_another_enterprises_bundle_bears_nothing_out(program: Program, shown: Shown) -> None:
    other = "uscc:91310000MA1FL8XQ37"
    said = {"level": "GOOD", "reasons": [{"entry": shown.pledge}], "subject": other}
    files = {"it.bundle.cbor": shown.bundle(), "it.standing.cose": _signed(said, other)}
    verdicts = [report["verdict"] for report in program.files(files, shown.trust_file(), int(time.time()))]
    assert verdicts == ["verified", "uncheckable"]
