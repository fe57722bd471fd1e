"""Private keys: only their owner reads them, nothing overwrites them, a passphrase protects them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.keys.proof_of_possession import check_possession
from ledger.keys.signer import load_key
from tests.integration.cli.conftest import Run


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_a_new_key_is_for_its_owner_only(run: Run, kind: str) -> None:
    result = run("key", "new", "-o", "k.pem", "--kind", kind)
    assert result.exit_code == 0
    assert Path("k.pem").stat().st_mode & 0o777 == 0o600
    assert load_key(Path("k.pem")).kid.hex() in result.stdout


def test_a_key_is_never_overwritten(run: Run) -> None:
    run("key", "new", "-o", "k.pem")
    before = Path("k.pem").read_bytes()
    result = run("key", "new", "-o", "k.pem")
    assert result.exit_code == 2
    assert "k.pem: File exists" in result.stderr
    assert Path("k.pem").read_bytes() == before


def test_a_passphrase_protects_the_key(run: Run) -> None:
    Path("word").write_text("opensesame\nnot this\n", encoding="utf-8")
    Path("wrong").write_text("open\n", encoding="utf-8")
    assert run("key", "new", "-o", "k.pem", "--passphrase-file", "word").exit_code == 0
    assert run("key", "show", "k.pem", "--passphrase-file", "word").exit_code == 0
    for result in (run("key", "show", "k.pem"), run("key", "show", "k.pem", "--passphrase-file", "wrong")):
        assert result.exit_code == 1
        assert "passphrase" in result.stderr
        assert "PUBLIC KEY" not in result.stdout


def test_an_empty_passphrase_file_protects_nothing_and_is_refused(run: Run) -> None:
    Path("word").write_text("\n", encoding="utf-8")
    assert run("key", "new", "-o", "k.pem", "--passphrase-file", "word").exit_code == 2
    assert not Path("k.pem").exists()


def test_what_is_shown_enrols_the_key(run: Run) -> None:
    run("key", "new", "-o", "k.pem")
    shown = json.loads(run("key", "show", "k.pem", "--json", "--party", "party:x", "--audience", "log.example").stdout)
    key = check_possession(bytes.fromhex(shown["proof"]), bytes.fromhex(shown["key"]), "party:x", "log.example")
    assert key.kid.hex() == shown["kid"]
    assert "PRIVATE" not in json.dumps(shown)
