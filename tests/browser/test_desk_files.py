"""Files with what an enterprise says: an annex of a standard, attachments of a reply; uploaded, named, signed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from ledger.domain.values.subject import own_party
from ledger.limits import ANNEX_BYTES_MAX, ANNEXES_HELD_OF_ONE_BYTES_MAX
from tests.browser.act_forms import Office, office, propose, signed
from tests.e2e.book import Book, open_book, today
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, REGULATOR, Speaker
from tests.support.database import PostgresServer
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, outcome

PDF = b"%PDF-1.4\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"1" * 3_000
PARTY = own_party(ENTERPRISE)
_FILL = (
    "INSERT INTO ledger.held_annexes (digest, media_type, content, held_at, owner) "
    "SELECT sha256('filler'), 'text/plain', decode(repeat('00', %s), 'hex'), %s, %s"
)


class Enterprise(NamedTuple):
    """An enterprise at its desk, with a complaint that it has not answered."""

    desks: Office
    owner: Speaker
    superuser: str

    @property
    def book(self) -> Book:
        return self.desks.book

    def form(self, type_: str, query: str = "") -> Page:
        return self.desks.form(self.owner, type_, query)

    def forgive(self, status: int) -> None:
        """What a browser says of every answer that refuses is no fault of the page."""
        desk = self.desks.at(self.owner)
        desk.complaints[:] = [one for one in desk.complaints if f"status of {status}" not in one]


@pytest.fixture(scope="module")
def enterprise(
    browser: Browser, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Enterprise]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path_factory.mktemp("service"), database=database.service) as book,
        office(browser, book, tmp_path_factory.mktemp("keys"), time.time()) as desks,
    ):
        book.campaign()
        book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
        yield Enterprise(desks, desks.officer(book.own_key(ENTERPRISE)), database.superuser)


def choose(page: Page, field: str, *files: tuple[str, bytes]) -> None:
    """As a person chooses them; their types are what a browser makes of their names."""
    page.set_input_files(
        field, [{"name": name, "mimeType": "application/x-unknown", "buffer": data} for name, data in files]
    )


def declare(enterprise: Enterprise) -> Page:
    page = enterprise.form("StandardDeclared", "?number=Q/QQ 1-2026&title=家用净水器&kind=enterprise")
    page.locator("#draft-state").wait_for(state="attached")
    return page


def test_a_standard_is_declared_with_its_annex(enterprise: Enterprise) -> None:
    page = declare(enterprise)
    choose(page, "#f-annex-chosen", ("old.doc", b"\xd0\xcf\x11\xe0 not for here"))
    expect(page.locator("#f-annex-wrong")).to_contain_text("附件须为 PDF")
    enterprise.forgive(400)
    page.locator("#act > button").click()
    expect(page.locator("#f-annex-wrong")).to_contain_text("没有上传")
    choose(page, "#f-annex-chosen", ("large.pdf", bytes(ANNEX_BYTES_MAX + 1)))
    expect(page.locator("#f-annex-wrong")).to_contain_text(f"最大 {ANNEX_BYTES_MAX:,}")
    table = "项目,值\n余氯,0.05\n".encode()
    choose(page, "#f-annex-chosen", ("指标.csv", table))
    expect(page.locator("#status")).to_contain_text("附件已上传")
    assert page.locator("#f-annex-wrong").inner_text() == "", "what was wrong with another file"
    assert page.input_value("#f-annex-sha256") == sha256(table).hexdigest()
    assert enterprise.book.http.get(f"/annexes/{sha256(table).hexdigest()}").status_code == 404, "not public yet"
    for width in (375, 1280):
        enterprise.desks.at(enterprise.owner).faultless(width, "a standard with its annex")
    propose(page)
    assert sha256(table).hexdigest() in page.locator("#said").inner_text()
    page.click("#change")
    entry = signed(page)
    assert enterprise.book.get(f"/annexes/{sha256(table).hexdigest()}").content == table
    assert f"/s/{ENTERPRISE[5:]}/{entry}" in enterprise.desks.at(enterprise.owner).go("/desk/enterprise").content()


def test_a_quota_that_is_full_is_said_at_the_field_and_what_was_typed_stays(enterprise: Enterprise) -> None:
    with psycopg.connect(enterprise.superuser) as connection:
        connection.execute(_FILL, (ANNEXES_HELD_OF_ONE_BYTES_MAX, int(time.time()), PARTY))
    page = declare(enterprise)
    choose(page, "#f-annex-chosen", ("a.pdf", PDF))
    expect(page.locator("#f-annex-wrong")).to_contain_text("占满了您的配额")
    assert page.input_value("#f-title") == "家用净水器" and page.input_value("#f-annex-sha256") == ""
    enterprise.forgive(503)
    with psycopg.connect(enterprise.superuser) as connection:
        connection.execute("DELETE FROM ledger.held_annexes WHERE digest = sha256('filler')")
    choose(page, "#f-annex-chosen", ("a.pdf", PDF))
    expect(page.locator("#status")).to_contain_text("附件已上传")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#drafts summary").click()
    page.click("#draft-clear")
    page.wait_for_selector("html[data-ready=yes]")


def test_whose_clock_is_wrong_is_told_so_at_the_field(enterprise: Enterprise) -> None:
    page = enterprise.form("StandardDeclared", "?number=Q/QQ 9-2026")
    page.context.clock.set_fixed_time(datetime.fromtimestamp(time.time() + 3_600, UTC))
    choose(page, "#f-annex-chosen", ("a.pdf", PDF))
    expect(page.locator("#f-annex-wrong")).to_contain_text(re.compile("晚 (59|60) 分钟.*请校准本机时钟"))
    enterprise.forgive(401)
    enterprise.desks.tell_time(page.context)
    choose(page, "#f-annex-chosen", ("a.pdf", PDF))
    expect(page.locator("#status")).to_contain_text("附件已上传")


def test_a_reply_gets_its_attachments(enterprise: Enterprise) -> None:
    book = enterprise.book
    about = book.register(outcome(case="a1" * 16, effective_on=today()), ENTERPRISE, HANDLING_BODY, sealed=True)
    page = enterprise.form("ComplaintReplied", f"?outcome_entry={about}&back=/desk/enterprise")
    page.fill("#f-text", "已于三月二日更换滤芯，退回差价。")
    reply = signed(page)
    choose(page, "#attaching-files", ("单据.png", PNG), ("page.html", b"<html>"))
    expect(page.locator("#attaching-files-wrong")).to_contain_text("不接受此类文件")
    enterprise.forgive(422)
    expect(page.locator("#attaching-rows tr"), "the other one is as good as before").to_have_count(1)
    choose(page, "#attaching-files", ("说明.pdf", PDF))
    expect(page.locator("#attaching-rows tr")).to_have_count(2)
    words = page.locator("#attaching-words").inner_text()
    assert f"下列 2 份文件附于第 {reply} 条记录" in words and PARTY in words
    size = book.size()
    for width in (375, 1280):
        enterprise.desks.at(enterprise.owner).faultless(width, "attachments of a reply")
    page.click("#attaching-sign")
    expect(page.locator("#attaching-rows tr[data-entry]")).to_have_count(2)
    expect(page.locator("#attaching-sign")).to_be_hidden()
    assert book.size() == size + 2
    listed = book.get(f"/v1/enterprises/{ENTERPRISE[5:]}/events?min_tree_size={size + 2}").text
    read = []
    for attachment in re.findall('"attachment":"([0-9a-f]{32})"', listed):
        path = f"/v1/attachments/{attachment}"
        read.append(book.get(path, headers=authorization(token(REGULATOR, path))).content)
    assert sorted(read, key=len) == [PDF, PNG]


def test_a_data_officer_erases_an_attachment_from_the_desk_that_lists_it(enterprise: Enterprise) -> None:
    """After the reply of the test before: what was attached there is erased here."""
    desks = enterprise.desks
    officer = desks.officer(DATA_OFFICER)
    desk = desks.at(officer)
    page = desk.go(f"/desk/erasures?subject={ENTERPRISE}")
    for width in (375, 1280):
        desk.faultless(width, "what can be erased")
    page.locator("#attachments ~ table tbody tr").first.get_by_role("link", name="删除").click()
    page.wait_for_selector("html[data-ready=yes]")
    page.fill("#f-ground", "依申请")
    erased = signed(page)
    page.click("#back")
    page.wait_for_url("**/desk/erasures?*")
    expect(page.locator("#attachments ~ table tbody tr").first).to_contain_text(f"已由第 {erased} 条记录删除")
    size = enterprise.book.size()
    enterprise.book.get(f"/v1/enterprises/{ENTERPRISE[5:]}?min_tree_size={size}")
    desk.go("/en/desk/erasures")
    expect(page.locator("#erased ~ table tbody tr")).to_have_count(1)
    for width in (375, 1280):
        desk.faultless(width, "what was erased, in English")
