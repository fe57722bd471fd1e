"""Another implementation of C2SP tlog-witness, aics-witness: its witness and our log, its log and our witness.

It needs Python 3.12; where the environment of the oracles has an older one, this is skipped. See docs/witnesses.md.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.tlog.witness_policy import parse_policy
from tests.e2e.book import Book, open_book
from tests.support.charter import ORIGIN
from tests.support.database import PostgresServer
from tests.support.keys import log_keys
from tests.support.oracles import ORACLES, Oracle, Refused, oracles_have
from tests.support.running import free_port
from tests.support.waiting import answers, eventually
from tests.support.witnesses import RunningWitness, cosigner


@pytest.fixture(autouse=True, scope="module")
def _new_enough() -> None:
    if not oracles_have("aics_witness"):
        pytest.skip("aics-tlog and aics-witness need Python 3.12; the environment of the oracles has an older one")


NAME = "log.example/aics"


@contextmanager
def their_witness(folder: Path, log_vkey: str) -> Iterator[tuple[str, str]]:
    """`aics-witness serve` for our log: its verifier key and address."""
    environment = {**os.environ, "AICS_WITNESS_CONFIG": str(folder / "witness.json")}
    program = [ORACLES, "-m", "aics_witness"]

    def run(*arguments: str) -> str:
        done = subprocess.run([*program, *arguments], check=True, capture_output=True, text=True, env=environment)
        return done.stdout

    vkey = next(word for word in run("init", "--name", "witness.example/aics").split() if "+" in word)
    run("add-log", "--origin", ORIGIN, "--vkey", log_vkey)
    port = free_port()
    process = subprocess.Popen([*program, "serve", "--listen", f"127.0.0.1:{port}"], env=environment)
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "it answers")
        yield vkey, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _witnessed(book: Book, index: int) -> int:
    """The size that is witnessed, once it covers an entry; else 0."""
    size: int = book.get("/v1/log/witnesses").json()["witnessed_size"] or 0
    return size if size > index else 0


def test_their_witness_cosigns_our_log(tmp_path: Path, postgres_server: PostgresServer) -> None:
    key = log_keys(ORIGIN).checkpoint.key
    with their_witness(tmp_path, key.format()) as (vkey, url), postgres_server.database() as database:
        policy = tmp_path / "policy"
        policy.write_text(f"witness aics {vkey} {url}\nquorum aics\n")
        with open_book(tmp_path / "data", "--witness-policy", str(policy), database=database.service) as book:
            size = 0
            for number in range(3):
                index = book.enterprise(f"local:test/{number}")
                size = eventually(lambda index=index: _witnessed(book, index), "it cosigns")  # type: ignore[misc]
            note = book.get("/witnessed/checkpoint").content
    assert parse_policy(policy.read_bytes()).require(note, key).checkpoint.size == size


def test_our_witness_cosigns_their_log_and_refuses_its_fork(tmp_path: Path) -> None:
    signer = NoteSigner(NAME, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"aics").digest()))

    def entries(word: str, numbers: range) -> list[bytes]:
        return [f"{word} {number}".encode() for number in numbers]

    with RunningWitness(tmp_path, "w", signer.key.format()) as running, Oracle("aics_logs") as aics:
        asked = {"url": running.url, "vkey": cosigner("w").key.format()}

        def submit(log: str, size: int, root: bytes) -> str:
            line: str = aics.ask("submit", log=log, note=sign_checkpoint(Checkpoint(NAME, size, root), signer), **asked)
            return line

        size = 0
        for more in (3, 1, 0, 300, 17):
            size, root = aics.ask("append", log="theirs", entries=entries("entry", range(size, size + more)))
            assert "witness.example/w" in submit("theirs", size, root)
        assert size == 321
        for fork in (321, 400):
            _, root = aics.ask("append", log=f"fork {fork}", entries=entries("other", range(fork)))
            with pytest.raises(Refused, match=r"^WitnessRejected: "):
                submit(f"fork {fork}", fork, root)
