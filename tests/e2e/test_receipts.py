"""From a signed statement to a receipt that verifies without us, over real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import cbor2
import pytest

from ledger.cose.receipt import detach
from ledger.domain.events.base import Closed
from ledger.keys.algorithms import decode_key
from ledger.tlog.checkpoint import open_checkpoint
from ledger.verifier import verify_entry
from tests.e2e.book import Book, open_book, today
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN
from tests.support.database import PostgresServer
from tests.support.oracles import Oracle
from tests.support.run_clock import MOVING
from tests.support.statements import outcome, registered

SUBJECT = "uscc:91110000600037341L"

# Python runs this before anything else: whoever asks the network for anything is told no.
NO_NETWORK = """
import sys

def refuse(name, arguments):
    if name in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise RuntimeError(f"offline, but asked for {name} {arguments}")

sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class Kept:
    """What an enterprise keeps, in a folder: statement and receipt, evidence, trust file, and the public body."""

    folder: Path
    index: int
    statement: bytes
    receipt: bytes

    @property
    def transparent(self) -> Path:
        return self.folder / "pledge.transparent.cose"

    @property
    def evidence(self) -> Path:
        return self.folder / "pledge.evidence.cbor"

    @property
    def trust(self) -> Path:
        return self.folder / "trust.json"


@pytest.fixture(scope="module")
def kept(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    statement, _ = book.sign(registered(effective_on=today()), SUBJECT)
    answer = book.post(statement)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/cose"
    index = int(answer.headers["location"].removeprefix("/entries/"))
    kept = Kept(tmp_path_factory.mktemp("kept"), index, statement, answer.content)
    kept.transparent.write_bytes(book.get(f"/entries/{index}/statement").content)
    kept.evidence.write_bytes(book.get(f"/entries/{index}/evidence").content)
    kept.trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    return kept


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """An environment in which Python programs reach no network."""
    (tmp_path / "sitecustomize.py").write_text(MOVING.read_text() + NO_NETWORK)  # Python imports only one
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def verify(kept: Kept, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("credit-ledger")
    return subprocess.run(
        [program, "verify", kept.transparent, "--trust", kept.trust, *options],
        env=environment, capture_output=True, text=True, check=False, cwd=kept.folder,
    )  # fmt: skip


def test_what_was_posted_is_served_again_with_its_receipt(book: Book, kept: Kept) -> None:
    assert book.get(f"/entries/{kept.index}").content == kept.receipt
    statement, receipts = detach(kept.transparent.read_bytes())
    assert (statement, receipts) == (kept.statement, [kept.receipt])
    told = book.get(f"/entries/{kept.index}/statement", headers={"Accept": "application/json"}).json()
    assert told["statement_id"] == sha256(kept.statement).hexdigest()
    assert (told["entry"], told["subject"], told["event"]["type"]) == (kept.index, SUBJECT, "EnterpriseRegistered")


def test_it_verifies_offline_step_by_step(kept: Kept, offline: dict[str, str]) -> None:
    result = verify(kept, offline)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "VERIFIED" in result.stdout
    for number in range(1, 5):
        assert f"\n  {number}. " in result.stdout, "the steps are numbered"


def test_offline_means_offline(offline: dict[str, str]) -> None:
    """The guard that the test above stands on can fail."""
    asked = "import socket; socket.create_connection(('127.0.0.1', 9))"
    result = subprocess.run([sys.executable, "-c", asked], env=offline, capture_output=True, text=True, check=False)
    assert "offline, but asked for" in result.stderr


@pytest.mark.parametrize("part", ["statement", "receipt", "evidence"])
def test_one_flipped_byte_is_refuted(kept: Kept, offline: dict[str, str], tmp_path: Path, part: str) -> None:
    path = kept.evidence if part == "evidence" else kept.transparent
    data = bytearray(path.read_bytes())
    # within a signed payload; within the signature at the receipt's end; in the middle of a statement of the chain
    at = {
        "statement": data.find(b"EnterpriseRegistered"),
        "receipt": data.find(kept.receipt) + len(kept.receipt) - 1,
        "evidence": len(data) // 2,
    }[part]
    data[at] ^= 1
    spoilt = Kept(tmp_path / "spoilt", kept.index, kept.statement, kept.receipt)
    spoilt.folder.mkdir()
    for source in (kept.transparent, kept.evidence, kept.trust):
        (spoilt.folder / source.name).write_bytes(bytes(data) if source == path else source.read_bytes())
    result = verify(spoilt, offline)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "REFUTED" in result.stdout


def test_without_evidence_it_could_not_be_checked(kept: Kept, offline: dict[str, str], tmp_path: Path) -> None:
    alone = Kept(tmp_path / "alone", kept.index, kept.statement, kept.receipt)
    alone.folder.mkdir()
    for source in (kept.transparent, kept.trust):
        (alone.folder / source.name).write_bytes(source.read_bytes())
    result = verify(alone, offline)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "COULD NOT BE CHECKED" in result.stdout


def test_a_sealed_statement_verifies_with_its_body_and_says_so_without(book: Book) -> None:
    subject = "local:test/sealed"
    book.enterprise(subject)
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "replied", "closed"), f"{today():%Y-%m}")
    said = outcome(effective_on=today(), notified_on=today() - timedelta(days=60), **months)
    statement, body = book.sign(said, subject, HANDLING_BODY)
    assert body is not None
    commitment = book.http.post("/bodies", content=body)
    assert (commitment.status_code, commitment.json()["commitment"]) == (201, sha256(body).hexdigest())
    answer = book.post(statement)
    assert answer.status_code == 201, answer.content
    path = answer.headers["location"]
    transparent, evidence = book.get(f"{path}/statement").content, book.get(f"{path}/evidence").content
    served = book.get(f"{path}/body").content
    assert served == body
    assert verify_entry(transparent, evidence, book.trust(), body).event == said
    assert isinstance(verify_entry(transparent, evidence, book.trust()).event, Closed)


def test_foreign_verifiers_accept_it(book: Book, kept: Kept) -> None:
    document = book.get("/.well-known/credit-ledger-trust.json").json()
    (row,) = document["receipt_keys"]
    with Oracle("scitt_receipts") as scitt:
        result = scitt.ask("verify_receipt", receipt=kept.receipt, leaf_entry=kept.statement, log_public_key=row["pem"])
        assert result["ok"] is True, result["errors"]
        assert (result["leaf_index"], result["issuer"]) == (kept.index, ORIGIN)
        transparent = kept.transparent.read_bytes()
        assert scitt.ask("extract_receipts", transparent=transparent) == [kept.receipt]
        # and the issuer's own signature
        issuer = ORGANIZER.signer.public.pem
        parsed = scitt.ask("parse_signed_statement", statement=kept.statement, public_key=issuer)
        assert parsed["signature_verified"] is True
        assert (parsed["issuer"], parsed["subject"]) == (ORGANIZER.party, SUBJECT)
    root = bytes.fromhex(result["root"])
    # the key from the SCITT key service, not from the trust file
    served = book.get(f"/.well-known/scitt-keys/{row['kid']}").content
    (in_set,) = cbor2.loads(book.get("/.well-known/scitt-keys").content)
    assert in_set[2].hex() == row["kid"]
    assert cbor2.loads(served)[-2] == in_set[-2]
    key = {"pem": decode_key(served).pem, "kid": bytes.fromhex(row["kid"])}
    with Oracle("cwt_signatures") as cwt:
        _, _, payload = cwt.ask("decode_with_headers", message=kept.receipt, **key, detached_payload=root)
    assert payload == root


def test_the_checkpoint_covers_it_and_verifies(book: Book, kept: Kept) -> None:
    trust = book.trust()
    head = open_checkpoint(book.checkpoint(), *trust.first_vkeys, origin=trust.origin)
    assert head.size > kept.index
    checked = verify_entry(kept.transparent.read_bytes(), kept.evidence.read_bytes(), trust)
    assert (checked.statement.raw, checked.receipt.index) == (kept.statement, kept.index)
    assert checked.receipt.tree_size <= head.size


def test_a_receipt_is_the_same_bytes_for_ever(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with (
        postgres_server.database() as database,
        open_book(tmp_path / "service", database=database.service) as book,
    ):
        receipts: dict[str, bytes] = {}
        statements: dict[str, bytes] = {}
        for number in range(5):
            statement, _ = book.sign(registered(effective_on=today()), f"local:test/{number}")
            answer = book.post(statement)
            receipts[answer.headers["location"]] = answer.content
            statements[answer.headers["location"]] = statement
        together = [book.sign(registered(effective_on=today()), f"local:batch/{n}") for n in range(300)]
        for (statement, _), result in zip(together, book.batch(together), strict=True):
            receipts[f"/entries/{result['entry']}"] = result["receipt"]
            statements[f"/entries/{result['entry']}"] = statement

        def all_the_same(paths: list[str]) -> None:
            for path in paths:
                assert book.get(path).content == receipts[path], path
                again = book.post(statements[path])
                assert (again.status_code, again.headers["location"]) == (201, path)
                assert again.content == receipts[path], path

        some = [*list(receipts)[:20], *list(receipts)[-20:]]
        all_the_same(some)
        charter = book.get("/entries/0").content
        book.service.stop()
        book.service.start()
        all_the_same(some)
        for number in range(3):
            book.enterprise(f"local:later/{number}")
        all_the_same(some)
        assert book.get("/entries/0").content == charter


def test_the_same_statement_sent_many_times_at_once_is_one_entry(book: Book) -> None:
    statement, _ = book.sign(registered(effective_on=today()), "local:test/once")
    size = book.size()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: book.post(statement), range(64)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len({answer.content for answer in answers}) == 1
    assert book.size() == size + 1
