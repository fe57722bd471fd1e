"""A service that really is witnessed is audited under its own trust file, and its mirror as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from api.cli.main import main
from ledger.verifier.trust_file import TrustFile
from tests.e2e.book import Book, open_book
from tests.support.charter import ORIGIN
from tests.support.database import PostgresServer
from tests.support.keys import log_keys
from tests.support.statements import ENTERPRISE
from tests.support.waiting import eventually
from tests.support.witnesses import RunningWitness, policy_text


@pytest.fixture(scope="module")
def witnessed(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("log")
    policy, log_key = folder / "witnesses.policy", log_keys(ORIGIN).checkpoint.key.format()
    with RunningWitness(folder, "a", log_key) as witness, postgres_server.database() as database:
        policy.write_text(policy_text("a", urls={"a": witness.url}))
        options = ("--witness-policy", str(policy))
        with open_book(folder / "data", *options, database=database.service) as book:
            book.campaign()
            book.enterprise(ENTERPRISE)
            eventually(lambda: _seen(book) == book.size(), "the witness cosigns the newest checkpoint")
            yield book


def _seen(book: Book) -> int:
    return int(book.get("/v1/log/witnesses").json()["witnessed_size"] or 0)


def audit(place: object, trust: Path | None, report: Path) -> tuple[int, dict[str, object]]:
    given = [] if trust is None else ["--trust", str(trust)]
    arguments = ["audit", str(place), *given, "--standings", "0", "--workers", "0"]
    done = CliRunner().invoke(main, [*arguments, "--report", str(report)])
    assert done.exit_code in (0, 1), done.output
    return done.exit_code, json.loads(report.read_bytes())


def test_its_quorum_is_verified_over_http_and_in_a_mirror(witnessed: Book, tmp_path: Path) -> None:
    trust, folder, report = tmp_path / "trust.json", tmp_path / "copy", tmp_path / "report.json"
    trust.write_bytes(witnessed.get("/.well-known/credit-ledger-trust.json").content)
    made = CliRunner().invoke(main, ["mirror", witnessed.service.url, str(folder), "--trust", str(trust), "--once"])
    assert made.exit_code == 0, made.output
    for place, given in ((witnessed.service.url, trust), (witnessed.service.url, None), (folder, trust)):
        code, found = audit(place, given, report)
        assert (code, found["timed"]) == (0, True)
        assert not {"not_witnessed_yet", "cosigner_unknown"} & set(found["notice_counts"])  # type: ignore[call-overload]


def test_under_a_trust_file_that_demands_another_witness_it_is_not_clean(witnessed: Book, tmp_path: Path) -> None:
    own = msgspec.json.decode(witnessed.get("/.well-known/credit-ledger-trust.json").content, type=TrustFile)
    trust = tmp_path / "trust.json"
    trust.write_bytes(msgspec.structs.replace(own, witness_policy=policy_text("south")).format())
    code, found = audit(witnessed.service.url, trust, tmp_path / "report.json")
    assert (code, found["counts"]) == (1, {"checkpoint.quorum": 1})
