"""A real log among real witnesses: a quorum is reached, published and enforced, and no witness is in the way."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Uncheckable
from ledger.limits import WITNESS_ANSWER_SECONDS_MAX
from ledger.store.postgres import PostgresStore
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tiles import TileReader, decode_bundle
from ledger.tlog.tlog_proof import parse_proof, verify_proof
from ledger.tlog.witness_policy import parse_policy
from ledger.verifier import verify_head
from tests.e2e.book import Book, chartered, open_book, size_of, today
from tests.support.charter import ORIGIN
from tests.support.database import PostgresServer
from tests.support.keys import log_keys
from tests.support.running import RunningService
from tests.support.statements import registered
from tests.support.waiting import eventually
from tests.support.witnesses import RunningWitness, policy_text

LOG_KEY = log_keys(ORIGIN).checkpoint.key


def witnessed(book: Book, size: int) -> dict[str, Any]:
    """How it stands with the witnesses, once a tree of `size` entries has its quorum."""

    def look() -> dict[str, Any] | None:
        state = book.get("/v1/log/witnesses").json()
        return state if (state["witnessed_size"] or 0) >= size else None

    return eventually(look, f"a quorum for {size} entries")


@contextmanager
def deaf() -> Iterator[str]:
    """The address of a witness that takes every connection and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        stop = threading.Event()

        def take() -> None:
            while not stop.is_set():
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        for connection in held:
            connection.close()


def policy_file(folder: Path, urls: dict[str, str], rule: str) -> Path:
    path = folder / "witnesses.policy"
    path.write_text(policy_text(*urls, rule=rule, urls=urls))
    return path


@pytest.fixture(scope="module")
def witnesses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningWitness]]:
    folder = tmp_path_factory.mktemp("witnesses")
    running = [RunningWitness(folder, name, LOG_KEY.format()) for name in ("a", "b")]
    for one in running:
        one.start()
    yield running
    for one in running:
        one.__exit__()


@pytest.fixture(scope="module")
def book(
    witnesses: list[RunningWitness], tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Book]:
    """A log with two witnesses that answer and one that does not; two are the quorum."""
    folder = tmp_path_factory.mktemp("log")
    with deaf() as silent, postgres_server.database() as database:
        urls = {one.name: one.url for one in witnesses} | {"deaf": silent}
        options = ("--witness-policy", str(policy_file(folder, urls, "2")))
        with open_book(folder / "data", *options, database=database.service) as book:
            yield book


def test_a_quorum_cosigns_each_checkpoint_and_a_deaf_witness_delays_nobody(book: Book) -> None:
    began = time.monotonic()
    index = book.enterprise("local:test/first")
    assert time.monotonic() - began < WITNESS_ANSWER_SECONDS_MAX
    state = witnessed(book, index + 1)
    assert state["quorum"] == "quorum-of-tests"
    assert {row["name"]: row["in_quorum"] for row in state["witnesses"]} == {"a": True, "b": True, "deaf": False}
    note = eventually(lambda: (n := book.checkpoint()).count("—".encode()) >= 3 and n, "cosignatures on /checkpoint")
    assert parse_policy(state["policy"].encode()).require(note, LOG_KEY).checkpoint.size >= index + 1


def test_the_trust_file_demands_the_quorum_and_the_checkpoint_shows_it(book: Book) -> None:
    trust = book.trust()
    assert trust.quorum == "quorum-of-tests"
    assert "http" not in book.get("/.well-known/credit-ledger-trust.json").json()["witness_policy"]
    note = book.get("/witnessed/checkpoint").content
    verify_head(note, trust)
    bare = note[: note.index("— witness".encode())]
    with pytest.raises(Uncheckable):
        verify_head(bare, trust)


def test_a_tiles_client_finds_the_whole_tree_under_the_witnessed_checkpoint(book: Book) -> None:
    head = verify_head(book.get("/witnessed/checkpoint").content, book.trust()).checkpoint
    width = head.size % 256
    bundle = decode_bundle(book.get(f"/witnessed/tile/entries/000.p/{width}").content)
    hashes = book.get(f"/witnessed/tile/0/000.p/{width}").content
    assert b"".join(leaf_hash(entry) for entry in bundle) == hashes
    from ledger.tlog.proof import inclusion_proof, verify_inclusion  # noqa: PLC0415

    reader = TileReader(lambda _level, _number, _width: hashes, head.size)
    verify_inclusion(0, head.size, leaf_hash(bundle[0]), head.root, inclusion_proof(0, head.size, reader))


def verify(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    command = [Path(sys.executable).with_name("credit-ledger"), "verify", "one.transparent.cose", *options, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=folder)
    return done.returncode, json.loads(done.stdout)[0]


def test_verify_says_could_not_be_checked_until_it_is_given_the_proof(book: Book, tmp_path: Path) -> None:
    index = book.enterprise("local:test/proved")
    (tmp_path / "one.transparent.cose").write_bytes(
        book.get(f"/entries/{index}/statement", headers={"Accept": "application/cose"}).content
    )
    (tmp_path / "one.evidence.cbor").write_bytes(book.get(f"/entries/{index}/evidence").content)
    (tmp_path / "trust.json").write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    code, without = verify(tmp_path, "--trust", "trust.json")
    assert (code, without["result"]) == (2, "could not be checked")
    assert "quorum" in without["why"]

    witnessed(book, index + 1)
    proof = book.get(f"/entries/{index}/proof").content
    entry = book.get(f"/entries/{index}/statement").content
    assert entry
    (tmp_path / "given").write_bytes(proof)
    code, shown = verify(tmp_path, "--trust", "trust.json", "--proof", "given")
    assert code == 0, shown
    assert "quorum-of-tests" in shown["steps"][0]["en"]
    (tmp_path / "one.tlog-proof").write_bytes(proof)
    assert verify(tmp_path, "--trust", "trust.json")[0] == 0  # found beside it
    other = book.get(f"/entries/{index - 1}/proof").content
    (tmp_path / "one.tlog-proof").write_bytes(other)
    assert verify(tmp_path, "--trust", "trust.json")[0] == 1


def test_a_proof_is_not_found_before_a_tree_that_holds_the_entry_is_cosigned(book: Book) -> None:
    assert book.http.get("/entries/100000/proof").status_code == 404
    assert book.http.get("/entries/x/proof").status_code in (400, 422)
    row = decode_bundle(book.get(f"/tile/entries/000.p/{book.size()}").content)[0]
    policy = parse_policy(book.get("/v1/log/witnesses").json()["policy"].encode())
    assert verify_proof(parse_proof(book.get("/entries/0/proof").content), leaf_hash(row), policy, LOG_KEY).index == 0


def test_operators_see_how_it_stands(book: Book) -> None:
    ready = book.get("/readyz").json()
    assert (ready["witnesses"], ready["witnessed_size"] > 0) == (
        len(book.get("/v1/log/witnesses").json()["witnesses"]),
        True,
    )
    meters = book.get("/metrics").text
    assert 'ledger_witness_cosigned_size{witness="a"}' in meters
    assert "ledger_witnessed_size" in meters
    eventually(
        lambda: 'ledger_witness_failures_total{witness="deaf"}' in book.get("/metrics").text, "a failure is counted"
    )


def test_while_the_quorum_is_lost_statements_are_taken_and_with_it_back_they_are_cosigned(
    book: Book, witnesses: list[RunningWitness]
) -> None:
    before = witnessed(book, 1)["witnessed_size"]
    witnesses[1].kill()
    index = book.enterprise("local:test/while-it-is-down")
    for number in range(3):
        index = book.enterprise(f"local:test/more-{number}")
    assert book.size() == index + 1
    assert size_of(book.get("/witnessed/checkpoint").content) >= before
    witnesses[1].start()
    state = witnessed(book, index + 1)
    assert {row["name"] for row in state["witnesses"] if row["in_quorum"]} == {"a", "b"}


def test_a_restarted_log_goes_on_where_it_was(book: Book) -> None:
    size = witnessed(book, 1)["witnessed_size"]
    book.service.stop()
    book.service.start()
    assert book.get("/v1/log/witnesses").json()["witnessed_size"] >= size
    index = book.enterprise("local:test/after-the-restart")
    witnessed(book, index + 1)


def test_a_second_history_under_the_logs_key_is_never_begun_where_a_witness_can_be_asked(
    book: Book, witnesses: list[RunningWitness], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    size = witnessed(book, book.size())["witnessed_size"]
    urls = {one.name: one.url for one in witnesses}
    policy = policy_file(tmp_path, urls, "any")
    with postgres_server.database() as database:
        fork = chartered(tmp_path / "data", "--witness-policy", str(policy), database=database.service)
        with pytest.raises(RuntimeError, match=f"holds {size} entries of this log, the database 0"):
            fork.start()
        assert "--accept-history" in fork.said, "a person is told what to do"
        with PostgresStore.open(database.service) as store:
            assert store.latest() is None, "not even the charter was signed"


def test_a_second_history_is_refused_ends_by_itself_and_is_never_published(
    book: Book, witnesses: list[RunningWitness], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Begun while no witness could be asked: by a host that has a high-water file, of the fork."""
    size = witnessed(book, book.size())["witnessed_size"]
    urls = {one.name: one.url for one in witnesses}
    policy = policy_file(tmp_path, urls, "any")
    for one in witnesses:
        one.stop()
    with postgres_server.database() as database:
        with open_book(tmp_path / "data", database=database.service) as unwatched:
            while unwatched.size() <= size:
                unwatched.enterprise(f"local:fork/{unwatched.size()}")
        options = "--witness-policy", str(policy)
        environment = {"LEDGER_DATABASE_URL": database.service}
        with RunningService(tmp_path / "data", *options, environment=environment) as service, Book(service) as fork:
            for one in witnesses:
                one.start()

            def alarmed() -> bool:
                return fork.http.get("/readyz").status_code == 503

            eventually(alarmed, "it stops taking statements")
            assert "another history" in fork.http.get("/readyz").json()["why"]
            before = fork.size()
            statement, _ = fork.sign(registered(effective_on=today()), "local:fork/after")
            refused = fork.post(statement, accept="application/json")
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:credit-ledger:history-broken"
            assert fork.size() == before
            assert fork.get("/v1/log/witnesses").json()["witnessed_size"] is None
            assert fork.http.get("/witnessed/checkpoint").status_code == 404
            assert fork.http.get("/entries/0/proof").status_code == 404
            assert "ALARM" in service.said
    index = book.enterprise("local:test/after-the-fork")
    witnessed(book, index + 1)  # the true log is followed as before


def test_a_log_without_witnesses_says_so(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with postgres_server.database() as database, open_book(tmp_path, database=database.service) as plain:
        assert plain.http.get("/entries/0/proof").status_code == 404
        assert plain.http.get("/witnessed/checkpoint").status_code == 404
        state = plain.get("/v1/log/witnesses").json()
        assert (state["policy"], state["witnesses"], state["witnessed_size"]) == (None, [], None)
        assert plain.trust().quorum is None
        assert plain.get("/readyz").json()["witnesses"] == 0
        assert "\nledger_witnesses 0.0\n" in plain.get("/metrics").text
        assert "nobody could tell" in plain.service.said, "and its operator hears so at the start"
        assert plain.checkpoint().count("—".encode()) == 1
