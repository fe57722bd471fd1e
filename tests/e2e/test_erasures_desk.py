"""The data officer's desk over real HTTP: it says of everything what the book will say of its erasure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest

from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Annex
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.values.subject import own_party
from tests.e2e.book import Book, today
from tests.support.charter import DATA_OFFICER, HANDLING_BODY
from tests.support.desks import DeskVisitor
from tests.support.reading import authorization, token
from tests.support.remedies import hold_placed, hold_released
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, replied

PDF = b"%PDF-1.4\n%%EOF\n"
FREE, COUNTS = "现在可以删除", "起方可删除正文"


@dataclass(frozen=True)
class World:
    """`counts` an outcome that costs points, `reply` the word on it; a file attached to that, a standard's annex."""

    book: Book
    officer: DeskVisitor
    counts: int
    reply: int
    attachment: str
    annex: str

    def page(self, query: str = f"?subject={ENTERPRISE}", status: int = 200) -> str:
        answer = self.officer.http.get(f"/desk/erasures{query}")
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def row(self, named: str) -> str:
        """The row that begins with this entry, or file."""
        rows = re.findall(r"<tr>.*?</tr>", self.page(), re.S)
        (found,) = (one for one in rows if re.match(rf"<tr><td><(?:a[^>]*|code)>{named}[<…]", one))
        return str(found)

    def follow(self, row: str, kind: str) -> None:
        """The form of an act is opened by what its link fills in: an unknown field would be refused by name."""
        (address,) = re.findall(rf'href="(/desk/act/{kind}\?[^"]+)"', row)
        assert self.officer.http.get(address).status_code == 200

    def say(self, event: object) -> int:
        return self.book.register(event, ENTERPRISE, DATA_OFFICER)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(book: Book) -> Iterator[World]:
    book.campaign()
    book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    book.enterprise(OTHER_ENTERPRISE)
    itself = book.own_key(ENTERPRISE)
    month = f"{today():%Y-%m}"
    months = {"received": month, "accepted": month, "forwarded": month, "reply_due": month, "closed": month}
    late = {"reply": "timely", "replied": month, "outcome": "refused", "reason": "拒绝调解", "substantive_reply": False}
    noticed = {"notified_on": today() - timedelta(days=20)}
    counts = book.register(outcome(1, effective_on=today(), **months, **late, **noticed), ENTERPRISE, HANDLING_BODY)
    reply = book.register(replied(counts, effective_on=today()), ENTERPRISE, itself)
    signed = authorization(token(itself, "/v1/attachments", PDF))
    uploaded = book.http.post("/v1/attachments", content=PDF, headers=signed).json()
    book.register(AttachmentAdded(v=1, effective_on=today(), entry=reply, **uploaded), ENTERPRISE, itself)
    assert book.http.post("/annexes", content=PDF).status_code == 201
    annex = Annex(sha256=sha256(PDF).hexdigest(), bytes=len(PDF), media_type="application/pdf")
    standard = book.register(declared(effective_on=today(), annex=annex), ENTERPRISE, itself)
    book.get(f"/v1/enterprises/{ENTERPRISE[5:]}?min_tree_size={standard + 1}")
    with DeskVisitor(book.service.url).sign_in(DATA_OFFICER) as officer:
        yield World(book, officer, counts, reply, uploaded["attachment"], annex.sha256)


def test_each_thing_says_whether_it_may_be_erased_as_the_book_will_judge_it(world: World) -> None:
    assert COUNTS in world.row(str(world.counts)) and "删除正文</a>" not in world.row(str(world.counts))
    for named, kind in (
        (str(world.reply), "BodyErased"),
        (world.attachment[:16], "AttachmentErased"),
        (world.annex[:16], "AnnexTakenDown"),
    ):
        assert FREE in world.row(named), named
        world.follow(world.row(named), kind)
    statement, body = world.book.sign(
        BodyErased(v=1, effective_on=today(), entry=world.counts, ground="依申请"), ENTERPRISE, DATA_OFFICER
    )
    (refused,) = world.book.batch([(statement, body)])
    assert refused["rule"] == "erasure.still_counts", "as the page says"


def test_what_is_held_is_not_erased_and_what_is_erased_says_by_which_entry(world: World) -> None:
    world.follow(world.row(str(world.reply)), "LegalHoldPlaced")
    hold = world.say(hold_placed(effective_on=today()))
    for named in (str(world.reply), world.attachment[:16], world.annex[:16]):
        assert f"第 {hold} 条记录的法律保全" in world.row(named) and "/desk/act/BodyErased" not in world.row(named)
    assert "全部" in world.row(str(hold)) and "有效" in world.row(str(hold))
    world.follow(world.row(str(hold)), "LegalHoldReleased")
    released = world.say(hold_released(hold, effective_on=today()))
    assert f"已由第 {released} 条记录解除" in world.row(str(hold))
    ground = {"v": 1, "effective_on": today(), "ground": "依申请"}
    for named, event in (
        (world.attachment[:16], AttachmentErased(**ground, attachment=world.attachment)),
        (str(world.reply), BodyErased(**ground, entry=world.reply)),
        (world.annex[:16], AnnexTakenDown(**ground, annex=world.annex)),
    ):
        assert FREE in world.row(named)
        erased = world.say(event)
        assert f"已由第 {erased} 条记录删除" in world.row(named) and "/desk/act/" not in world.row(named)
    world.book.get(f"/v1/enterprises/{ENTERPRISE[5:]}?min_tree_size={erased + 1}")
    whole = world.page("")
    assert f"已由第 {released} 条记录解除" in whole
    for word in ("正文删除", "附件"):
        assert word in whole


def test_the_look_is_logged_and_what_is_typed_wrong_is_said_at_its_field(world: World) -> None:
    world.page()
    looks = world.officer.http.get("/desk/accesses", params={"subject": ENTERPRISE}).text
    assert "/desk/erasures" in looks and own_party(ENTERPRISE) not in looks
    assert 'value="no code"' in world.page("?subject=no code", 422)
    assert "账本中没有这家企业的记录" in world.page("?subject=local:nobody/1", 422)
    assert "没有密封的正文" in world.page(f"?subject={OTHER_ENTERPRISE}")
    assert world.officer.http.get("/desk/erasures?before=x").status_code == 422
    assert world.officer.http.get("/desk/erasures?after=1").status_code == 422
    assert "Erasures and holds" in world.officer.http.get("/en/desk/erasures").text
