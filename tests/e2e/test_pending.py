"""What waits at the desk: seen by organizers and by its issuer, refused with a reason, replaced, dropped, published."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from ledger.domain.events.campaign import CampaignClosed
from ledger.keys.signer import save_key
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, ORIGIN, REGULATOR, Speaker
from tests.support.reading import authorization, token
from tests.support.statements import CAMPAIGN, ENTERPRISE, OTHER_ENTERPRISE, campaign_opened
from tests.support.waiting import eventually

REASON = "承诺内容与条款不符, 请修改"
CLOSING = "campaign:closing"


@pytest.fixture(scope="module")
def owner(book: Book) -> Speaker:
    book.campaign()
    book.enterprise(ENTERPRISE)
    book.enterprise(OTHER_ENTERPRISE)
    return book.own_key(ENTERPRISE)


@pytest.fixture(scope="module")
def other(book: Book, owner: Speaker) -> Speaker:
    return book.own_key(OTHER_ENTERPRISE)


def lay(book: Book, speaker: Speaker, scope: str, **given: Any) -> str:
    """A pledge that waits; its id."""
    sealed = given.get("disclosure", "public") != "public"
    made = book.made(scope=scope, **given)
    statement, body = book.sign(made, speaker.party.removeprefix("party:"), speaker, sealed=sealed)
    (answer,) = book.batch([(statement, body)])
    assert answer["status"] == "pending", answer
    return sha256(statement).hexdigest()


def ask(book: Book, by: Speaker, path: str, content: bytes | None = None) -> httpx.Response:
    method, headers = "GET" if content is None else "POST", authorization(token(by, path, content))
    return book.http.request(method, path, headers=headers, content=content)


def refuse(book: Book, by: Speaker, name: str, reason: str = REASON) -> httpx.Response:
    return ask(book, by, f"/v1/pending/{name}/refusal", json.dumps({"reason": reason}).encode())


def listed(book: Book, by: Speaker, query: str = "") -> list[str]:
    answer = ask(book, by, f"/v1/pending{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["pending"]]


def rule(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:credit-ledger:")


def test_the_organizer_sees_all_and_an_issuer_its_own(book: Book, owner: Speaker, other: Speaker) -> None:
    mine, theirs = lay(book, owner, "comprehensive"), lay(book, other, "comprehensive")
    assert set(listed(book, ORGANIZER, f"?campaign={CAMPAIGN}")) == {mine, theirs}
    assert listed(book, owner) == [mine]
    assert listed(book, other) == [theirs]
    first = ask(book, ORGANIZER, "/v1/pending?limit=1").json()
    second = ask(book, ORGANIZER, f"/v1/pending?limit=1&cursor={first['cursor']}").json()
    assert first["pending"] + second["pending"] == ask(book, ORGANIZER, "/v1/pending?limit=2").json()["pending"]
    row = ask(book, owner, f"/v1/pending/{mine}").json()
    assert (row["state"], row["subject"], row["event"]["type"]) == ("waiting", ENTERPRISE, "PledgeMade")
    assert ask(book, owner, f"/v1/pending/{theirs}").status_code == 404, "not to be told from what is not there"
    assert ask(book, REGULATOR, "/v1/pending").status_code == 403
    assert book.http.get("/v1/pending").status_code == 401


def test_a_refusal_has_a_reason_that_its_issuer_sees_and_ends_the_waiting(
    book: Book, owner: Speaker, other: Speaker
) -> None:
    statement, _ = book.sign(book.made(scope="product"), ENTERPRISE, owner)
    name = sha256(statement).hexdigest()
    assert book.post(statement).status_code == 303
    assert refuse(book, owner, name).status_code == 403
    assert refuse(book, ORGANIZER, name, "").status_code == 400
    assert rule(refuse(book, ORGANIZER, name, "请联系 13812345678")) == "text.personal_data"
    assert refuse(book, ORGANIZER, name).json()["state"] == "refused"
    row = ask(book, owner, f"/v1/pending/{name}").json()
    assert (row["state"], row["reason"], row["refused_by"]) == ("refused", REASON, ORGANIZER.party)
    assert rule(refuse(book, ORGANIZER, name)) == "pledge.refused_once"
    again = book.post(statement, accept="application/json")
    assert (again.status_code, again.json()["rule"]) == (400, "pledge.refused_at_desk")
    assert REASON not in again.text
    assert book.http.get(f"/entries/{name}", headers={"Accept": "application/json"}).status_code == 400
    publication, _ = book.sign(book.published(bytes.fromhex(name), 50), ENTERPRISE)
    assert book.post(publication, accept="application/json").json()["rule"] == "pledge.refused_at_desk"
    assert f'ledger_desk_statements{{state="refused"}} {len(refused_ids(book))}.0' in book.get("/metrics").text


def refused_ids(book: Book) -> list[str]:
    rows = ask(book, ORGANIZER, "/v1/pending?limit=100").json()["pending"]
    return [row["id"] for row in rows if row["state"] == "refused"]


def test_a_newer_pledge_replaces_the_one_that_waits_however_many_are_sent(book: Book, other: Speaker) -> None:
    names = [lay(book, other, "service", reason=f"第 {number} 次") for number in range(30)]
    waiting = [name for name in listed(book, other) if name in names]
    assert waiting == names[-1:]
    assert book.http.get(f"/entries/{names[0]}").status_code == 404


def test_a_public_pledge_without_liability_is_refused_when_it_arrives(book: Book, owner: Speaker) -> None:
    statement, _ = book.sign(book.made(scope="product_and_service", liability=None), ENTERPRISE, owner)
    answer = book.post(statement, accept="application/json")
    assert (answer.status_code, answer.json()["rule"]) == (400, "pledge.liability_missing")


def test_what_waits_is_dropped_when_its_campaign_is_closed(book: Book, owner: Speaker) -> None:
    terms = {"opens_on": today(), "closes_on": today(), "pledge_valid_until": today() + timedelta(days=300)}
    book.register(campaign_opened(effective_on=today(), **terms), CLOSING)
    name = lay(book, owner, "comprehensive", campaign=CLOSING)
    assert name in listed(book, owner)
    book.register(CampaignClosed(v=1, effective_on=today()), CLOSING)
    assert name not in listed(book, owner)
    assert ask(book, owner, f"/v1/pending/{name}").status_code == 404
    statement, _ = book.sign(book.made(campaign=CLOSING), ENTERPRISE, owner)
    answer = book.post(statement, accept="application/json")
    assert (answer.status_code, answer.json()["rule"]) == (400, "pledge.campaign_closed")


class Desk:
    """The commands, as somebody with a key."""

    def __init__(self, book: Book, speaker: Speaker, folder: Path) -> None:
        self.url, self.folder = book.service.url, folder
        key = folder / f"{speaker.signer.kid.hex()[:8]}.pem"
        save_key(key, speaker.signer)
        self.who = ["--key", str(key), "--issuer", speaker.party, "--audience", ORIGIN]

    def run(self, command: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["pending", command, self.url, *arguments, *self.who])


def test_publish_proposes_a_free_code_and_leaves_what_verifies(book: Book, owner: Speaker, tmp_path: Path) -> None:
    organizer, enterprise = Desk(book, ORGANIZER, tmp_path), Desk(book, owner, tmp_path)
    division, day = ENTERPRISE.removeprefix("uscc:")[2:8], f"{today():%Y%m%d}"
    trust = tmp_path / "trust.json"
    trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    codes = []
    for number, (scope, given) in enumerate((("product_and_service", {}), ("product", {"disclosure": "none"}))):
        name = lay(book, owner, scope, **given)
        path = tmp_path / f"{number}.cose"
        done = organizer.run("publish", name, "--yes", "-o", str(path))
        assert done.exit_code == 0, done.output
        codes.append(done.stdout.split()[0])
        verified = CliRunner().invoke(
            main, ["verify", str(path.with_suffix(".transparent.cose")), "--trust", str(trust)]
        )
        assert verified.exit_code == 0, verified.output
        assert name not in listed(book, ORGANIZER)
        read = f"/v1/enterprises?min_tree_size={book.size()}"
        eventually(lambda read=read: book.http.get(read).status_code == 200, "the read models hold it")  # type: ignore[misc]
    assert codes == [f"{division}{day}{serial:06}" for serial in (1, 2)]
    shown = json.loads(enterprise.run("list", "--json", "--campaign", CAMPAIGN).stdout)
    assert all(row["subject"] == ENTERPRISE for row in shown)


def test_publish_asks_before_it_signs(book: Book, other: Speaker, tmp_path: Path) -> None:
    name = lay(book, other, "product")
    size = book.size()
    done = Desk(book, ORGANIZER, tmp_path).run("publish", name)
    assert done.exit_code == 1
    assert book.size() == size


def test_the_commands_show_and_refuse(book: Book, other: Speaker, tmp_path: Path) -> None:
    name = lay(book, other, "product_and_service")
    assert Desk(book, ORGANIZER, tmp_path).run("refuse", name, "--reason", REASON).exit_code == 0
    shown = Desk(book, other, tmp_path).run("show", name, "-o", str(tmp_path / "kept.cose"))
    assert json.loads(shown.stdout)["reason"] == REASON
    assert sha256((tmp_path / "kept.cose").read_bytes()).hexdigest() == name
