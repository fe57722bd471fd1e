"""Standards over HTTP: annex uploaded, declared, revised, noted, abolished; every version readable; found by number."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.client.client import Client
from ledger.domain.events.base import Annex
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.errors import NotFound, Refused
from ledger.store.backup import backup
from ledger.store.postgres import PostgresStore
from ledger.store.restore import restore
from tests.e2e.book import Book, today
from tests.support.charter import DATA_OFFICER, ORGANIZER, ROOT, Speaker
from tests.support.database import PostgresServer, TestDatabase
from tests.support.standards import INDICATOR, NUMBER, abolished, declared, noted, revised
from tests.support.statements import ENTERPRISE, EVIDENCE, OTHER_ENTERPRISE

NAME, OTHER_NAME = ENTERPRISE.partition(":")[2], OTHER_ENTERPRISE.partition(":")[2]
TABLE = "产品,指标,数值\n" + "家用电热水壶,泄漏电流,0.25\n" * 5_000


@pytest.fixture(scope="module")
def owner(book: Book) -> Speaker:
    """An enterprise with a key of its own, beside one without."""
    book.enterprise(ENTERPRISE)
    book.enterprise(OTHER_ENTERPRISE)
    return book.own_key(ENTERPRISE)


@pytest.fixture
def client(book: Book) -> Iterator[Client]:
    with Client(book.service.url) as client:
        yield client


def annex_of(content: bytes, media_type: Any = "text/csv") -> Annex:
    return Annex(sha256=sha256(content).hexdigest(), bytes=len(content), media_type=media_type)


def say(book: Book, event: Any, by: Speaker, subject: str = ENTERPRISE) -> int:
    index = book.register(event, subject, by)
    book.get(f"/v1/enterprises/{NAME}?min_tree_size={index + 1}")
    return index


def version(book: Book, entry: int, name: str = NAME) -> Any:
    return book.get(f"/v1/enterprises/{name}/standards/{entry}").json()


def section(book: Book, name: str = NAME) -> Any:
    return book.get(f"/v1/enterprises/{name}/declarations").json()["standards"]


def test_from_the_annex_to_the_abolition_every_version_stays_readable(
    book: Book, owner: Speaker, client: Client
) -> None:
    content = TABLE.encode()
    annex = annex_of(content)
    on_time = {"effective_on": today(), "number": NUMBER}
    statement, _ = book.sign(declared(**on_time, annex=annex, products=(), indicators=()), ENTERPRISE, owner)

    with pytest.raises(Refused) as early:
        client.submit(statement)
    assert early.value.rule == "annex.missing"
    assert annex.sha256 in str(early.value)
    digest = client.put_annex(content)
    with pytest.raises(NotFound):
        client.annex(digest)  # nobody named it yet
    (result,) = book.batch([(statement, None)])
    first = result["entry"]
    assert client.annex(digest) == content

    second = say(book, revised(first, **on_time | {"number": "Q/CSGD 003-2026"}, title="第二版"), owner)
    assert version(book, first)["state"] == "revised"
    assert version(book, first)["annex"] == {
        "sha256": annex.sha256,
        "bytes": len(content),
        "media_type": "text/csv",
        "href": f"/annexes/{annex.sha256}",
    }
    end = say(book, abolished(first, effective_on=today(), reason="停产"), owner)
    assert [version(book, entry)["state"] for entry in (first, second)] == ["revised", "abolished"]
    assert version(book, second)["title"] == "第二版"
    assert version(book, second)["abolished"] == {"entry": end, "on": str(today()), "reason": "停产"}
    (shown,) = [one for one in section(book) if one["declaration"] == first]
    assert (shown["number"], shown["state"]) == ("Q/CSGD 003-2026", "abolished")
    assert [(one["entry"], one["state"]) for one in shown["versions"]] == [(first, "revised"), (second, "abolished")]
    again, _ = book.sign(abolished(first, effective_on=today()), ENTERPRISE, owner)
    with pytest.raises(Refused) as twice:
        client.submit(again)
    assert twice.value.rule == "standard.abolished_already"


def test_a_single_statement_finds_its_annex_too(book: Book, owner: Speaker, client: Client) -> None:
    content = b'{"indicators":[]}'
    client.put_annex(content)
    event = declared(effective_on=today(), number="Q/CSGD 010-2020", annex=annex_of(content, "application/json"))
    statement, _ = book.sign(event, ENTERPRISE, owner)
    client.submit(statement)
    served = book.get(f"/annexes/{sha256(content).hexdigest()}")
    assert served.headers["content-type"] == "application/json"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in served.headers["cache-control"]
    assert "sandbox" in served.headers["content-security-policy"]
    unchanged = book.http.get(served.request.url.path, headers={"If-None-Match": served.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_an_annex_of_other_length_or_type_is_refused(book: Book, owner: Speaker, client: Client) -> None:
    content = b"%PDF-1.7 and so on"
    client.put_annex(content)
    for annex, rule in (
        (Annex(sha256=sha256(content).hexdigest(), bytes=1, media_type="application/pdf"), "annex.length"),
        (annex_of(content, "text/plain"), "annex.other_type"),
    ):
        event = declared(effective_on=today(), number="Q/CSGD 011-2020", annex=annex)
        with pytest.raises(Refused) as refused:
            client.submit(book.sign(event, ENTERPRISE, owner)[0])
        assert refused.value.rule == rule


def test_an_upload_is_refused_by_its_content_and_size(book: Book, client: Client) -> None:
    with pytest.raises(Refused) as program:
        client.put_annex(b"MZ\x90\x00")
    assert program.value.rule == "annex.media_type"
    assert book.http.post("/annexes", content=bytes(16 * 1024 * 1024 + 1)).status_code == 413
    assert book.http.get("/annexes/nothing").status_code == 404
    assert book.http.get(f"/annexes/{'0' * 64}").status_code == 404


def test_a_number_is_looked_up_over_all_enterprises_page_by_page(book: Book, owner: Speaker) -> None:
    content = {"effective_on": today(), "number": "GB/T 22089-2008", "kind": "existing"}
    mine = say(book, declared(**content), owner)
    other = say(book, declared(**content, evidence=EVIDENCE), ORGANIZER, OTHER_ENTERPRISE)
    typed = {"number": "ｇｂ／ｔ22089—2008"}
    found = book.get("/v1/standards", params=typed).json()
    assert [(one["enterprise"], one["entry"], one["state"]) for one in found["standards"]] == [
        (NAME, mine, "current"),
        (OTHER_NAME, other, "current"),
    ]
    assert found["cursor"] is None
    first = book.get("/v1/standards", params={**typed, "limit": 1}).json()
    assert [one["entry"] for one in first["standards"]] == [mine]
    rest = book.get("/v1/standards", params={**typed, "cursor": first["cursor"]}).json()
    assert [one["entry"] for one in rest["standards"]] == [other]
    assert book.get(rest["standards"][0]["href"]).json()["number"] == "GB/T 22089-2008"
    assert book.get("/v1/standards", params={"number": "GB 1"}).json() == {"standards": [], "cursor": None}
    assert book.get("/v1/standards").json() == {"standards": [], "cursor": None}
    assert book.http.get(f"/v1/enterprises/{OTHER_NAME}/standards/{mine}").status_code == 404


def test_a_note_stands_beside_its_version_while_it_is_public(book: Book, owner: Speaker) -> None:
    entry = say(book, declared(effective_on=today(), number="Q/CSGD 020-2020"), owner)
    note = say(book, noted(entry, effective_on=today()), ORGANIZER)
    (shown,) = version(book, entry)["notes"]
    assert (shown["entry"], shown["indicator"]) == (note, INDICATOR.name)
    assert book.get(f"/entries/{note}/body").status_code == 200
    say(book, revised(entry, effective_on=today(), number="Q/CSGD 020-2026"), owner)
    assert version(book, entry)["notes"] == []


def test_an_erased_note_is_gone(book: Book, owner: Speaker) -> None:
    entry = say(book, declared(effective_on=today(), number="Q/CSGD 021-2020"), owner)
    note = say(book, noted(entry, effective_on=today()), ORGANIZER)
    say(book, BodyErased(v=1, effective_on=today(), entry=note, ground="删除"), DATA_OFFICER)
    assert version(book, entry)["notes"] == []


def test_a_disowned_version_is_a_stub(book: Book, owner: Speaker) -> None:
    entry = say(book, declared(effective_on=today(), number="Q/CSGD 022-2020"), owner)
    by = say(book, StatementRepudiated(v=1, effective_on=today(), entry=entry, word="非本企业所发"), ROOT)
    assert version(book, entry) == {
        "subject": ENTERPRISE,
        "entry": entry,
        "declaration": entry,
        "number": "Q/CSGD 022-2020",
        "on": str(today()),
        "state": "repudiated",
        "repudiated_by": by,
    }
    assert entry not in [one["declaration"] for one in section(book)]
    assert book.get("/v1/standards", params={"number": "Q/CSGD 022-2020"}).json()["standards"] == []


def test_a_restored_book_has_its_annexes(
    book: Book,
    owner: Speaker,
    client: Client,
    books_database: TestDatabase,
    postgres_server: PostgresServer,
    tmp_path: Path,
) -> None:
    content = "restore,恢复\n".encode()
    digest = client.put_annex(content)
    say(book, declared(effective_on=today(), number="Q/CSGD 030-2020", annex=annex_of(content)), owner)
    backup(books_database.service, tmp_path / "copy")
    with postgres_server.database() as other:
        restore(other.admin, tmp_path / "copy")
        with PostgresStore.open(other.service) as copy:
            assert copy.annexes.get(digest) == (content, "text/csv")
