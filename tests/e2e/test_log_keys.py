"""The log's own keys are succeeded by others while the service runs, and everybody who checks the log goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from api.client.client import Client
from ledger.cose.receipt import parse_receipt
from ledger.errors import Refuted
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import save_key
from ledger.tlog.checkpoint import open_checkpoint
from ledger.verifier import parse_trust, verify_entry, verify_head, verify_signed_standing
from tests.e2e.book import Book, chartered, open_book
from tests.integration.monitor.test_follow_command import run
from tests.support.charter import ORIGIN, ROOT
from tests.support.database import PostgresServer, TestDatabase

ENTERPRISES = count()


class Succeeded(NamedTuple):
    """A log whose keys were succeeded from `size` on, and what was known of it before."""

    book: Book
    database: TestDatabase
    folder: Path
    size: int
    old_trust: Path
    old_entry: int  # registered under the old keys
    old_files: tuple[bytes, bytes]  # its transparent statement and evidence, as they were served then
    copy: Path  # a mirror as it was then
    state: Path  # a follower's state as it was then


@pytest.fixture(scope="module")
def log(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Succeeded]:
    folder = tmp_path_factory.mktemp("succeeded")
    with postgres_server.database() as database, open_book(folder / "service", database=database.service) as book:
        trust, root = folder / "trust.json", folder / "root.pem"
        trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
        save_key(root, ROOT.signer)
        entry = enterprise(book)
        with Client(book.service.url) as client:
            files = client.statement(entry), client.evidence(entry)
        copy, state = folder / "copy", folder / "state.json"
        assert run("mirror", book.service.url, copy, "--trust", trust, "--once").returncode == 0
        followed = run("follow", book.service.url, "--trust", trust, "--once", "--state", state)
        assert followed.returncode == 0, followed.stderr

        size = book.size() + 6
        said = folder / "succession.cose"
        keys = folder / "new keys"
        made = run(
            "charter", "succeed", "--trust", trust, "--root-key", root, "--from-size", size, "--keys", keys, "-o", said
        )
        assert made.returncode == 0, made.stderr
        refused = book.post(said.read_bytes(), accept="application/problem+json")
        assert refused.status_code == 400, refused.text
        assert "anchors.keys_not_here" in refused.text, "a log without its next keys would come to an end"
        shutil.copytree(keys, book.service.data_dir / "keys", dirs_exist_ok=True)
        submitted = run("submit", book.service.url, said, "-o", folder)
        assert submitted.returncode == 0, submitted.stderr
        while book.size() < size + 5:
            enterprise(book)
        yield Succeeded(book, database, folder, size, trust, entry, files, copy, state)


def enterprise(book: Book) -> int:
    return book.enterprise(f"local:succession/{next(ENTERPRISES)}")


def test_each_tree_is_signed_with_the_keys_in_force_at_its_size(log: Succeeded) -> None:
    old = LogKeys.load(log.book.service.data_dir / "keys", ORIGIN)
    new = LogKeys.load(log.book.service.data_dir / "keys" / f"from-{log.size}", ORIGIN)
    head = open_checkpoint(log.book.checkpoint(), new.checkpoint.key)
    assert head.size >= log.size
    with pytest.raises(Refuted):
        open_checkpoint(log.book.checkpoint(), old.checkpoint.key)
    signed = set()
    for index in range(log.old_entry, head.size):
        receipt = parse_receipt(log.book.get(f"/entries/{index}").content)
        signed.add((receipt.tree_size >= log.size, receipt.message.kid))
    assert signed == {(False, old.receipt.kid), (True, new.receipt.kid)}
    for kid in (old.receipt.kid, new.receipt.kid, old.standing.kid, new.standing.kid):
        assert log.book.get(f"/.well-known/scitt-keys/{kid.hex()}").content


def test_what_was_proved_before_goes_on_verifying_with_the_trust_file_of_then(log: Succeeded) -> None:
    trust = parse_trust(log.old_trust.read_bytes())
    assert verify_entry(*log.old_files, trust).receipt.index == log.old_entry
    with Client(log.book.service.url) as client:  # the evidence is of now: it holds what came after
        assert verify_entry(client.statement(log.old_entry), client.evidence(log.old_entry), trust)


def test_an_entry_under_the_new_keys_verifies_with_the_old_trust_file_by_its_evidence(log: Succeeded) -> None:
    trust = parse_trust(log.old_trust.read_bytes())
    index = log.book.size() - 1
    with Client(log.book.service.url) as client:
        transparent, evidence = client.statement(index), client.evidence(index)
    found = verify_entry(transparent, evidence, trust)
    assert found.receipt.tree_size >= log.size


def test_a_trust_file_is_renewed_from_what_the_root_said_and_is_that_of_the_service(
    log: Succeeded, tmp_path: Path
) -> None:
    renewed, checkpoint = tmp_path / "renewed.trust.json", tmp_path / "checkpoint"
    checkpoint.write_bytes(log.book.checkpoint())
    before = run("verify", checkpoint, "--trust", log.old_trust)
    assert before.returncode != 0
    made = run("charter", "renew-trust", log.book.service.url, "--trust", log.old_trust, "-o", renewed)
    assert made.returncode == 0, made.stderr
    assert renewed.read_bytes() == log.book.get("/.well-known/credit-ledger-trust.json").content
    after = run("verify", checkpoint, "--trust", renewed)
    assert after.returncode == 0, after.stdout + after.stderr
    trust = parse_trust(renewed.read_bytes())
    assert verify_head(log.book.checkpoint(), trust).checkpoint.size >= log.size
    standing = log.book.get("/v1/enterprises/local~succession~0/standing", headers={"Accept": "application/cose"})
    assert verify_signed_standing(standing.content, trust, parse_now(log)).standing.origin == ORIGIN


def parse_now(log: Succeeded) -> int:
    receipt = parse_receipt(log.book.get(f"/entries/{log.book.size() - 1}").content)
    return receipt.iat + 1


def test_a_follower_and_a_mirror_go_on_with_the_trust_file_of_then(log: Succeeded) -> None:
    for _ in range(2):  # the second time from what the first has kept
        enterprise(log.book)
        url = log.book.service.url
        followed = run("follow", url, "--trust", log.old_trust, "--once", "--state", log.state)
        assert followed.returncode == 0, followed.stderr
        mirrored = run("mirror", url, log.copy, "--trust", log.old_trust, "--once")
        assert mirrored.returncode == 0, mirrored.stderr
        assert (log.copy / "checkpoint").read_bytes() == log.book.checkpoint()


def test_whoever_begins_after_the_succession_follows_it_from_the_beginning(log: Succeeded, tmp_path: Path) -> None:
    for trust in ((), ("--trust", log.old_trust)):
        where = tmp_path / str(len(trust))
        where.mkdir()
        followed = run("follow", log.book.service.url, *trust, "--once", "--state", where / "state.json")
        assert followed.returncode == 0, followed.stderr
        mirrored = run("mirror", log.book.service.url, where / "copy", *trust, "--once")
        assert mirrored.returncode == 0, mirrored.stderr


@pytest.mark.parametrize("of", ["service", "mirror", "database"])
@pytest.mark.parametrize("trusted", [True, False], ids=["trust file of then", "no trust file"])
def test_an_audit_across_the_succession_finds_nothing(of: str, trusted: bool, log: Succeeded, tmp_path: Path) -> None:
    trust = ("--trust", log.old_trust) if trusted else ()
    if of == "mirror":
        copy = tmp_path / "copy"
        assert run("mirror", log.book.service.url, copy, *trust, "--once").returncode == 0
        place: tuple[object, ...] = (copy,)
    else:
        place = (log.book.service.url,) if of == "service" else ("--database", log.database.service)
    done = run("audit", *place, *trust, "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CLEAN" in done.stdout


def test_a_service_starts_with_the_keys_in_force_and_with_no_others(log: Succeeded, tmp_path: Path) -> None:
    enterprise(log.book)
    only_the_old = chartered(tmp_path / "other", database=log.database.service)
    with pytest.raises(RuntimeError, match="in force"):
        only_the_old.start()
    size = log.book.size()
    log.book.service.stop()
    log.book.service.start()
    assert log.book.size() >= size
    assert enterprise(log.book) >= size
