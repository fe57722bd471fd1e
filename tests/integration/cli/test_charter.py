"""A charter is made once, from three persons' keys, and the log's own keys come with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from ledger.charter.charter_file import charter_origin, read_charter
from ledger.cose.statement import parse_statement, verify_statement
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import load_key
from ledger.tlog.hashing import leaf_hash
from ledger.verifier.trust_file import parse_trust
from tests.integration.cli.conftest import Run
from tests.support.naive_tree import mth

ORIGIN = "ledger.example/2026"
NAMES = ["--name-zh", "账本", "--name-en", "Ledger", "--organizer-name", "协会", "--approver-name", "批准方"]
KEYS = ["--root-key", "root.pem", "--organizer-key", "organizer.pem", "--approver-key", "approver.pem"]


@pytest.fixture
def new(run: Run) -> Run:
    for name in ("root", "organizer", "approver", "registrar"):
        run("key", "new", "-o", f"{name}.pem")

    def make(*more: str, keys: list[str] = KEYS) -> Result:
        return run("charter", "new", "--origin", ORIGIN, *NAMES, *keys, "-o", "charter.cbor", *more)

    return make


def test_a_charter_is_signed_by_the_keys_that_were_given(new: Run) -> None:
    result = new()
    assert result.exit_code == 0, result.output
    statements = [parse_statement(data) for data in read_charter(Path("charter.cbor").read_bytes())]
    assert charter_origin([one.raw for one in statements]) == ORIGIN
    keys = {
        load_key(Path(f"{name}.pem")).kid: load_key(Path(f"{name}.pem")).public
        for name in ("root", "organizer", "approver")
    }
    for statement in statements:
        verify_statement(statement, keys[statement.kid])
    assert {statement.issuer for statement in statements} == {"party:root", "party:organizer", "party:approver"}


def test_the_logs_own_keys_are_made_once_and_kept(new: Run) -> None:
    new()
    before = {path.name: path.read_bytes() for path in Path("data/keys").iterdir()}
    assert before.keys() == {"checkpoint.pem", "receipt.pem", "standing.pem", "certificate.pem"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in Path("data/keys").iterdir())
    Path("charter.cbor").unlink()
    Path("charter.trust.json").unlink()
    assert new().exit_code == 0
    assert {path.name: path.read_bytes() for path in Path("data/keys").iterdir()} == before


def test_the_trust_file_is_that_of_the_log_that_begins_so(new: Run) -> None:
    new()
    trust = parse_trust(Path("charter.trust.json").read_bytes())
    keys = LogKeys.load(Path("data/keys"), ORIGIN)
    assert trust.origin == ORIGIN
    assert trust.charter == mth(read_charter(Path("charter.cbor").read_bytes()))
    assert set(trust.first_receipt_keys) == {keys.receipt.kid}
    assert set(trust.first_standing_keys) == {keys.standing.kid}
    assert keys.certificate is not None
    assert set(trust.certificate_keys) == {keys.certificate.kid}
    assert trust.first_vkeys == (keys.checkpoint.key,)


def test_a_charter_is_never_overwritten(new: Run) -> None:
    new()
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    again = new()
    assert again.exit_code == 2
    assert "charter.cbor" in again.stderr, "says which file is there"
    Path("charter.cbor").rename("elsewhere.cbor")
    trust_alone = new()
    assert trust_alone.exit_code == 2
    assert "charter.trust.json" in trust_alone.stderr
    Path("elsewhere.cbor").rename("charter.cbor")
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before, "nor the keys"


def test_organizer_and_approver_are_not_one_key(new: Run) -> None:
    result = new(keys=[*KEYS[:4], "--approver-key", "organizer.pem"])
    assert result.exit_code == 1
    assert not Path("charter.cbor").exists()


def test_further_parties_get_their_roles(new: Run, run: Run) -> None:
    assert new("--party", "registry", "registrar,data_officer", "registrar.pem", "登记处").exit_code == 0
    shown = json.loads(run("charter", "show", "charter.cbor", "--json").stdout)
    roles = [
        row["content"]["role"]
        for row in shown["statements"]
        if row["subject"] == "party:registry" and row["content"]["type"] == "RoleGranted"
    ]
    assert roles == ["registrar", "data_officer"]
    assert shown["charter"] == mth(read_charter(Path("charter.cbor").read_bytes())).hex()


@pytest.mark.parametrize(
    "party", [("registry", "king", "registrar.pem", "x"), ("Regi stry", "registrar", "registrar.pem", "x")]
)
def test_a_party_that_cannot_be_is_named(new: Run, party: tuple[str, ...]) -> None:
    result = new("--party", *party)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert not Path("charter.cbor").exists()


def test_a_charter_that_is_none_is_one_line(run: Run) -> None:
    Path("x.cbor").write_bytes(leaf_hash(b""))
    result = run("charter", "show", "x.cbor")
    assert result.exit_code == 1
    assert "charter" in result.stderr
