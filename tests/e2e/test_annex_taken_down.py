"""A public file with a person's name in it: taken down by a registered event, gone everywhere, and no proof broken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.client.client import Client
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Annex
from ledger.errors import Refused
from ledger.store.connect import connect
from ledger.verifier import verify_entry
from tests.e2e.book import Book, today
from tests.e2e.test_import import command
from tests.support.charter import DATA_OFFICER, ORGANIZER, REGULATOR
from tests.support.database import TestDatabase
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, EVIDENCE
from tests.support.waiting import eventually

NAME = ENTERPRISE.partition(":")[2]
CONTENT = "检验员,张小三,13910800909\n".encode()
KEPT = b"product,indicator\nkettle,leakage\n"
GROUND = "附件含有个人信息"


@dataclass(frozen=True)
class World:
    book: Book
    declared: int
    gone: int

    @property
    def path(self) -> str:
        return f"/annexes/{sha256(CONTENT).hexdigest()}"


def annex_of(content: bytes) -> Annex:
    return Annex(sha256=sha256(content).hexdigest(), bytes=len(content), media_type="text/csv")


def take_down() -> AnnexTakenDown:
    return AnnexTakenDown(v=1, effective_on=today(), annex=sha256(CONTENT).hexdigest(), ground=GROUND)


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    book.enterprise(ENTERPRISE)
    owner = book.own_key(ENTERPRISE)
    with Client(book.service.url) as client:
        for content in (CONTENT, KEPT):
            client.put_annex(content)
    index = book.register(declared(effective_on=today(), annex=annex_of(CONTENT)), ENTERPRISE, owner)
    event = declared(effective_on=today(), number="Q/CSGD 004-2018", annex=annex_of(KEPT))
    book.register(event, ENTERPRISE, owner)
    served = book.get(f"/annexes/{sha256(CONTENT).hexdigest()}")
    assert served.content == CONTENT
    assert "immutable" not in served.headers["cache-control"]
    gone = book.register(take_down(), ENTERPRISE, DATA_OFFICER)
    book.get(f"/v1/enterprises/{NAME}?min_tree_size={gone + 1}")
    return World(book, index, gone)


def test_its_address_says_that_it_is_gone_by_which_entry_and_why(world: World) -> None:
    answer = world.book.http.get(world.path)
    assert answer.status_code == 410
    problem = answer.json()
    assert problem["type"] == "urn:credit-ledger:annex.taken_down"
    assert problem["entry"] == world.gone
    assert GROUND in problem["title_zh"]
    assert str(world.gone) in problem["title_en"]
    assert world.book.get(f"/annexes/{sha256(KEPT).hexdigest()}").content == KEPT
    with Client(world.book.service.url) as client, pytest.raises(Refused, match="taken down by entry") as refused:
        client.annex(sha256(CONTENT).digest())
    assert refused.value.rule == "annex.taken_down"


def test_nothing_of_it_is_left_in_the_database_and_the_journal_names_it(
    world: World, books_database: TestDatabase
) -> None:
    with connect(books_database.superuser) as connection:
        rows = connection.execute("SELECT digest, content FROM ledger.annexes ORDER BY leaf_index").fetchall()
        assert connection.execute("SELECT count(*) FROM ledger.held_annexes").fetchone() == (0,)
    assert [tuple(row) for row in rows] == [(sha256(CONTENT).digest(), None), (sha256(KEPT).digest(), KEPT)]
    journal = world.book.service.data_dir / "attachment-keys" / "erased.jsonl"
    line = json.dumps(["annex", sha256(CONTENT).hexdigest()], separators=(",", ":"))
    eventually(lambda: journal.exists() and line in journal.read_text().splitlines(), "it is in the journal")


def test_it_does_not_come_back_by_being_uploaded_or_named_again(world: World) -> None:
    again = world.book.http.post("/annexes", content=CONTENT)
    assert (again.status_code, again.json()["entry"]) == (410, world.gone)

    def refused(event: Any, by: Any) -> str:
        (result,) = world.book.batch([world.book.sign(event, ENTERPRISE, by)])
        assert result["status"] == "refused", result
        return str(result["rule"])

    assert refused(take_down(), DATA_OFFICER) == "annex.taken_down"
    assert refused(take_down(), REGULATOR) == "issuer.not_entitled"
    new = declared(effective_on=today(), number="Q/CSGD 005-2018", annex=annex_of(CONTENT), evidence=EVIDENCE)
    assert refused(new, ORGANIZER) == "annex.missing"


def test_the_declaration_stays_verifies_and_says_what_became_of_its_annex(world: World) -> None:
    book = world.book
    statement = book.get(f"/entries/{world.declared}/statement").content
    evidence = book.get(f"/entries/{world.declared}/evidence").content
    assert verify_entry(statement, evidence, book.trust()).statement.subject == ENTERPRISE
    shown = book.get(f"/v1/enterprises/{NAME}/standards/{world.declared}").json()["annex"]
    assert (shown["sha256"], shown["taken_down"]) == (sha256(CONTENT).hexdigest(), {"entry": world.gone})
    section = book.get(f"/v1/enterprises/{NAME}/declarations").json()["standards"]
    assert ["taken_down" in one["annex"] for one in section] == [True, False]


def test_an_audit_from_outside_finds_nothing_broken_and_says_what_is_gone(world: World, tmp_path: Path) -> None:
    trust, report = tmp_path / "trust.json", tmp_path / "report.json"
    trust.write_bytes(world.book.get("/.well-known/credit-ledger-trust.json").content)
    result = command("audit", world.book.service.url, "--trust", trust, "--report", report)
    assert result.returncode == 0, result.stdout + result.stderr
    document = json.loads(report.read_bytes())
    assert document["findings"] == []
    gone = [one for one in document["notices"] if one["code"] == "annex_taken_down"]
    assert [(one["entry"], one["detail"]) for one in gone] == [(world.declared, f"by entry {world.gone}")]


def test_a_mirror_is_whole_without_it(world: World, tmp_path: Path) -> None:
    trust, folder = tmp_path / "trust.json", tmp_path / "mirror"
    trust.write_bytes(world.book.get("/.well-known/credit-ledger-trust.json").content)
    result = command("mirror", world.book.service.url, folder, "--trust", trust, "--once")
    assert result.returncode == 0, result.stdout + result.stderr
    assert [path.name for path in (folder / "annexes").iterdir()] == [sha256(KEPT).hexdigest()]
    assert CONTENT not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
