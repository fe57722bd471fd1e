"""`verify` says yes to what holds, and to nothing else; its exit code is for machines, its steps for people."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ledger.cose.standing_token import sign_standing
from tests.integration.cli.conftest import Run
from tests.support.paper_log import ORIGIN
from tests.unit.ledger.verifier.conftest import SUBJECT, Book, make_book


@pytest.fixture
def book(run: Run) -> Book:
    """The files that `submit` leaves, in the folder in which `run` runs."""
    book = make_book()
    for name, index in (("open", book.opened), ("sealed", book.sealed)):
        Path(f"{name}.cose").write_bytes(book.log.entries[index])
        Path(f"{name}.receipt.cose").write_bytes(book.log.receipt(index))
        Path(f"{name}.transparent.cose").write_bytes(book.log.transparent(index))
        Path(f"{name}.evidence.cbor").write_bytes(book.log.evidence(index))
    Path("sealed.body.json").write_bytes(book.log.bodies[book.sealed])
    Path("trust.json").write_bytes(book.log.trust_file().format())
    Path("checkpoint").write_bytes(book.log.note())
    return book


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("name", ["open.transparent.cose", "sealed.transparent.cose", "open.cose"])
def test_a_statement_is_verified_in_numbered_steps_in_both_languages(run: Run, name: str) -> None:
    result = run("verify", name, "--trust", "trust.json")
    assert result.exit_code == 0, result.output
    numbers = [int(number) for number in re.findall(r"^  (\d+)\. \S", result.stdout, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 5
    assert "已核验 / VERIFIED" in result.stdout
    assert "不能得知 / what this does not show" in result.stdout


@pytest.mark.usefixtures("book")
def test_a_sealed_statement_without_its_body_says_that_its_content_was_not_checked(run: Run) -> None:
    Path("sealed.body.json").unlink()
    assert "NOT checked" in run("verify", "sealed.transparent.cose", "--trust", "trust.json").stdout


@pytest.mark.usefixtures("book")
def test_a_checkpoint_is_verified(run: Run) -> None:
    assert run("verify", "checkpoint", "--trust", "trust.json").exit_code == 0


def test_a_signed_standing_that_has_expired_is_not_verified(run: Run, book: Book) -> None:
    token = sign_standing(
        b'{"level":"GOOD"}', subject=SUBJECT, origin=ORIGIN, issued_at=1, signer=book.log.standing_key
    )
    Path("standing.cose").write_bytes(token)
    result = run("verify", "standing.cose", "--trust", "trust.json")
    assert result.exit_code == 1
    assert "VERIFIED" not in result.stdout


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    "name", ["open.transparent.cose", "open.receipt.cose", "open.evidence.cbor", "sealed.body.json"]
)
def test_one_changed_byte_is_never_verified(run: Run, name: str) -> None:
    data = bytearray(Path(name).read_bytes())
    data[-1] ^= 1
    Path(name).write_bytes(data)
    target = "open.cose" if name == "open.receipt.cose" else f"{name.partition('.')[0]}.transparent.cose"
    assert run("verify", target, "--trust", "trust.json").exit_code == 1


@pytest.mark.usefixtures("book")
def test_another_logs_trust_file_does_not_verify(run: Run) -> None:
    Path("other.json").write_bytes(make_book().log.trust_file().format())
    assert run("verify", "open.transparent.cose", "--trust", "other.json").exit_code != 0


@pytest.mark.usefixtures("book")
def test_what_is_missing_means_that_nothing_was_checked(run: Run) -> None:
    assert run("verify", "open.transparent.cose").exit_code == 2
    Path("open.evidence.cbor").unlink()
    assert run("verify", "open.transparent.cose", "--trust", "trust.json").exit_code == 2
    Path("open.receipt.cose").unlink()
    assert run("verify", "open.cose", "--trust", "trust.json").exit_code == 2
    Path("trust.json").write_text("{}", encoding="utf-8")
    assert run("verify", "checkpoint", "--trust", "trust.json").exit_code == 2
    Path("picture.png").write_bytes(b"\x89PNG")
    result = run("verify", "picture.png", "--trust", "trust.json")
    assert result.exit_code == 2
    assert "COULD NOT BE CHECKED" in result.stdout


def test_a_quorum_that_is_demanded_and_not_shown_means_that_nothing_was_checked(run: Run, book: Book) -> None:
    Path("strict.json").write_bytes(book.log.trust_file("quorum two\n").format())
    assert run("verify", "open.transparent.cose", "--trust", "strict.json").exit_code == 2


@pytest.mark.usefixtures("book")
def test_one_refuted_file_among_many_decides_the_exit_code(run: Run) -> None:
    good = Path("open.transparent.cose").read_bytes()
    Path("bad.transparent.cose").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    Path("bad.evidence.cbor").write_bytes(Path("open.evidence.cbor").read_bytes())
    result = run("verify", "picture", *sorted(Path().glob("*.transparent.cose")), "--trust", "trust.json")
    assert result.exit_code == 2  # a file that is not there is a wrong usage
    result = run("verify", *sorted(Path().glob("*")), "--trust", "trust.json", "--json")
    found = {row["file"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert found["bad.transparent.cose"]["result"] == "refuted"
    assert found["open.transparent.cose"]["result"] == "verified"
    assert found["trust.json"]["result"] == "could not be checked"
    assert "open.evidence.cbor" not in found
