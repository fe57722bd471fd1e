"""An organizer and a handling body rotate their keys, and import the same files again: nothing counts twice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from api.demo.sample_roster import CLAUSES, SampleCampaign, sample_csv, sample_rows
from api.importing import pledge_template as template
from api.importing.table_writer import csv_table
from ledger.cose.receipt import detach
from ledger.cose.statement import parse_statement
from ledger.domain.events.party import KeyRotated
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer, new_key
from tests.e2e.book import Book, today
from tests.e2e.test_import import OUTCOMES, command, key_file
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN, Speaker

ROWS = 30
CASES = [["C1", "和解"], ["C2", "和解"]]
HEAD = ["编号", "代码", "名称", "类别", "问题", "收到", "转办", "回复", "办结", "是否按期", "结果", "告知"]


class Desk:
    """A folder with the files to import, and whoever imports them."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.book = book
        self.folder = folder
        self.speakers = {"organizer": ORGANIZER, "handling": HANDLING_BODY}
        self.keys = {name: key_file(folder, name, one.signer) for name, one in self.speakers.items()}
        sample = SampleCampaign(today() - timedelta(days=14), today())
        book.campaign(clauses=CLAUSES, pledge_valid_until=sample.pledge_valid_until)
        (folder / "roster.csv").write_bytes(sample_csv(ROWS, campaign=sample))
        header, first, *_ = sample_rows(ROWS, campaign=sample)
        code, name = first[header.index(template.CODE)], first[header.index(template.NAME)]
        day = today().isoformat()
        told = (today() - timedelta(days=21)).isoformat()
        rows = [[case, code, name, "家电", "质量", day, day, day, day, "否", end, told] for case, end in CASES]
        (folder / "outcomes.csv").write_bytes(csv_table([HEAD, *rows]))
        (folder / "outcomes.toml").write_text(OUTCOMES, encoding="utf-8")

    def run(self, what: str, *options: object) -> tuple[int, str, dict[str, Any]]:
        """Exit code, what was said, and how many rows of each status."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        about = {
            "roster": ("--campaign", "2026", "--key", self.keys["organizer"]),
            "outcomes": ("--mapping", self.folder / "outcomes.toml", "--key", self.keys["handling"]),
        }[what]
        path = self.folder / f"{what}.csv"
        result = command("import", path, self.book.service.url, *about, "--report", report, *options)
        counts = json.loads(report.read_bytes())["counts"] if report.exists() else {}
        return result.returncode, result.stdout + result.stderr, counts

    def rotate(self, name: str, folder: Path) -> None:
        """A new key of the same party, signed in by the old one; its file lies in `folder`."""
        speaker, new = self.speakers[name], new_key("p256")
        self.book.register(_rotated(speaker, new), speaker.party, speaker)
        self.speakers[name] = structs.replace(speaker, signer=new)
        self.keys[name] = key_file(folder, f"{name}-new", new)


def _rotated(speaker: Speaker, new: Signer) -> KeyRotated:
    return KeyRotated(
        v=1,
        effective_on=today(),
        replaces=speaker.signer.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, speaker.party, ORIGIN).hex(),
    )


@pytest.fixture(scope="module")
def desk(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Everything imported once, with the first keys; then both keys are rotated, to another machine."""
    desk = Desk(book, tmp_path_factory.mktemp("desk"))
    assert desk.run("roster")[2] == {"accepted": ROWS}
    assert desk.run("outcomes")[2] == {"accepted": len(CASES)}
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in desk.keys:
        desk.rotate(name, elsewhere)
    return desk


def test_with_the_partys_secrets_at_hand_all_rows_are_already_registered(desk: Desk) -> None:
    before = desk.book.size()
    counts = [desk.run(what, "--secrets", desk.folder)[2] for what in ("roster", "outcomes")]
    assert counts == [{"already registered": ROWS}, {"already registered": len(CASES)}]
    assert desk.book.size() == before


def test_without_them_the_import_says_what_is_missing_and_registers_nothing(desk: Desk) -> None:
    before = desk.book.size()
    for what, party in (("roster", "organizer"), ("outcomes", "handling-body")):
        code, said, counts = desk.run(what)
        assert (code, counts) == (2, {})
        assert f"{party}.import-secret.pem is missing" in said
        assert "credit-ledger key import-secret" in said
    assert desk.book.size() == before


def test_with_the_old_key_files_at_hand_they_are_made_again(desk: Desk, tmp_path: Path) -> None:
    """As after an upgrade: a book that was filled, and a key rotated, before there were files of secrets."""
    before = desk.book.size()
    for old, party in (("organizer", "organizer"), ("handling", "handling-body")):
        keys = desk.keys[old], desk.folder / f"{old}.pem"  # the new one first: it names what is new
        result = command("key", "import-secret", *keys, "-o", tmp_path / f"{party}.import-secret.pem")
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("fingerprint") == 2
    for what, rows in (("roster", ROWS), ("outcomes", len(CASES))):
        assert desk.run(what, "--secrets", tmp_path)[2] == {"already registered": rows}
    assert desk.book.size() == before


def test_a_secret_of_the_new_key_alone_would_count_everything_twice(desk: Desk, tmp_path: Path) -> None:
    """What the file is for: this is what an import under another secret does to a case."""
    before = desk.book.size()
    secret = tmp_path / "handling-body.import-secret.pem"
    assert command("key", "import-secret", desk.keys["handling"], "-o", secret).returncode == 0
    assert desk.run("outcomes", "--secrets", tmp_path)[2] == {"accepted": len(CASES)}
    assert desk.book.size() == before + len(CASES)


def test_which_names_are_taken_is_told_by_entry_and_asked_in_one_form(desk: Desk) -> None:
    http = desk.book.http
    entries = desk.book.get("/v1/streams?subject=party:organizer").json()["entries"]
    transparent = desk.book.get(f"/entries/{entries[-1]}/statement").content
    cti = parse_statement(detach(transparent)[0]).cti.hex()
    issuer = "party:organizer"
    known = http.post("/v1/ctis/query", json={"issuer": issuer, "ctis": ["ab" * 16, cti]})
    assert known.json() == {"entries": [None, entries[-1]]}
    other = http.post("/v1/ctis/query", json={"issuer": HANDLING_BODY.party, "ctis": [cti]})
    assert other.json() == {"entries": [None]}
    for content in (b"", b"\xff", b"[]", b"{}", b'{"issuer":"party:organizer","ctis":["AB"]}', b"[" * 9_000):
        answer = http.post("/v1/ctis/query", content=content)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:credit-ledger:ctis.query"), content
    many = {"issuer": issuer, "ctis": ["ab"] * 1_001}
    assert http.post("/v1/ctis/query", json=many).status_code == 422
    assert http.post("/v1/ctis/query", json={"issuer": "party:\0", "ctis": ["ab"]}).status_code == 400
    assert http.post("/v1/ctis/query", content=bytes(300_000)).status_code == 413
