"""The trust file: believed to the letter, and refused where it contradicts itself or demands what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import Malformed
from ledger.keys.signer import new_key
from ledger.tlog.note import NoteSigner
from ledger.verifier import parse_trust
from tests.support.paper_log import ORIGIN, PaperLog
from tests.support.witnesses import cosigner

WITNESS = cosigner("w").key.format()
LOG = NoteSigner(ORIGIN, Ed25519PrivateKey.generate()).key.format()


@pytest.fixture(scope="module")
def log() -> PaperLog:
    log = PaperLog()
    log.establish()
    log.enrol("party:organizer", new_key("ed25519"), "organizer")
    log.commit()
    return log


def _changed(log: PaperLog, **fields: Any) -> bytes:
    return json.dumps({**json.loads(log.trust_file().format()), **fields}).encode()


def test_what_is_written_is_read(log: PaperLog) -> None:
    trust = parse_trust(log.trust_file().format())
    assert trust.origin == ORIGIN
    assert list(trust.receipt_keys) == [log.receipt_key.kid]
    assert list(trust.standing_keys) == [log.standing_key.kid]
    assert trust.charter.hex() == log.trust_file().charter
    assert [key.format() for key in trust.checkpoint_vkeys] == [log.checkpoint_key.key.format()]
    assert trust.quorum is None


def test_a_field_that_nobody_knows_might_be_a_demand_and_is_refused(log: PaperLog) -> None:
    with pytest.raises(Malformed, match="trust file"):
        parse_trust(_changed(log, not_before="2030-01-01"))


@pytest.mark.parametrize("field", ["origin", "charter", "receipt_keys", "standing_keys", "checkpoint_vkeys"])
def test_a_missing_field_is_refused(log: PaperLog, field: str) -> None:
    file = json.loads(log.trust_file().format())
    del file[field]
    with pytest.raises(Malformed):
        parse_trust(json.dumps(file).encode())


def test_a_key_under_anothers_thumbprint_is_refused(log: PaperLog) -> None:
    row = json.loads(log.trust_file().format())["receipt_keys"][0]
    with pytest.raises(Malformed, match="thumbprint"):
        parse_trust(_changed(log, receipt_keys=[{**row, "kid": "00" * 32}]))
    with pytest.raises(Malformed, match="does not sign with"):
        parse_trust(_changed(log, receipt_keys=[{**row, "alg": "EdDSA"}]))
    with pytest.raises(Malformed):
        parse_trust(_changed(log, receipt_keys=[{**row, "pem": "none"}]))


def test_a_checkpoint_key_of_another_name_is_refused(log: PaperLog) -> None:
    with pytest.raises(Malformed, match="named after"):
        parse_trust(_changed(log, origin="other.example"))


@pytest.mark.parametrize(
    ("policy", "quorum"),
    [
        ("", None),
        ("\n# a remark\n", None),
        (f"log {LOG}\nquorum none\n", None),
        (f"witness w {WITNESS}\n \tquorum  w", "w"),
        (f"witness w {WITNESS}\ngroup g any w\nquorum g\n", "g"),
    ],
    ids=["empty", "remark", "log", "witness", "group"],
)
def test_the_quorum_is_read_from_the_witness_policy(log: PaperLog, policy: str, quorum: str | None) -> None:
    assert parse_trust(_changed(log, witness_policy=policy)).quorum == quorum


@pytest.mark.parametrize(
    "policy",
    [
        f"witness w {WITNESS}",
        "quorum",
        "quorum a b",
        f"witness w {WITNESS}\nquorum none\nquorum w",
        "quorum none\nquorum",
        "witness w v\nquorum w",
        "quorum w",
        "quorum none\r\n",
    ],
)
def test_a_policy_that_does_not_say_its_quorum_once_is_refused(log: PaperLog, policy: str) -> None:
    with pytest.raises(Malformed, match="witness policy"):
        parse_trust(_changed(log, witness_policy=policy))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 10_000])
def test_what_is_no_trust_file_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_trust(data)
