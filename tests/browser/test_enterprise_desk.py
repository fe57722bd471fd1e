"""An enterprise and a registrar, each in a browser of their own: from a new key to a certificate, and a lost key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ledger.cose.acknowledgement import verify_acknowledgement
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.values.subject import own_party
from ledger.keys.signer import new_key, save_key
from ledger.verifier import verify_entry
from tests.browser.conftest import LISTEN
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book, watched_desk
from tests.e2e.book import Book, today
from tests.support.charter import ORIGIN, REGISTRAR, Speaker
from tests.support.keys import log_keys
from tests.support.statements import ENTERPRISE, code

__all__ = ["desk", "desk_book"]

CODE = ENTERPRISE[5:]
NAME = "北京清泉净水设备有限公司"


@pytest.fixture(scope="module")
def book(desk_book: Book) -> Book:
    """With a campaign, and an enterprise that is no party yet."""
    desk_book.campaign()
    desk_book.enterprise(ENTERPRISE, name=NAME)
    return desk_book


@pytest.fixture(scope="module")
def registrar_file(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "registrar.pem"
    signer = new_key("p256")
    save_key(path, signer, PASSPHRASE)
    book.enrol(Speaker(REGISTRAR.party, signer, "registrar-7"), REGISTRAR, officer="registrar-7")
    return path


@pytest.fixture
def registrar(browser: Browser, book: Book, registrar_file: Path) -> Iterator[Desk]:
    """A second browser, with a registrar at it."""
    for other in in_another_browser(browser, book):
        other.signed_in_as(REGISTRAR, registrar_file)
        yield other


def in_another_browser(browser: Browser, book: Book) -> Iterator[Desk]:
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(LISTEN)
    context.clock.set_fixed_time(datetime.fromtimestamp(time.time(), UTC))  # the run's own clock, as the service has it
    yield from watched_desk(context, book)
    context.close()


def have_key(desk: Desk, folder: Path) -> Locator:
    """A new key of the enterprise, its backup saved and opened; the part of the page that is about it."""
    download = desk.make_key(CODE)
    backup = folder / download.suggested_filename
    download.save_as(backup)
    desk.check_backup(backup)
    part = desk.page.locator(".own-key")
    part.wait_for()
    return part


def ask(part: Locator, officer: str, *, recovers: bool = False) -> str:
    """Asks for the key's enrolment; its thumbprint."""
    part.locator(".key-request input[type=checkbox]").set_checked(recovers)
    part.locator(".key-request input[autocomplete]").fill(officer)
    part.get_by_role("button", name="申请登记").click()
    part.locator(".key-request[data-state=waiting]").wait_for()
    return part.get_attribute("data-kid") or ""


def sign(page: Page, *said: str) -> str:
    """Reads what is about to be signed, signs it; what became of it."""
    page.locator("#confirm:visible, .problem:not(:empty)").first.wait_for()
    assert page.locator(".problem").all_inner_texts() == [""] * page.locator(".problem").count()
    shown = page.locator("#said").inner_text()
    for one in said:
        assert one in shown, shown
    page.click("#sign")
    page.locator("#done:visible, #problem:not(:empty)").first.wait_for()
    assert page.locator("#problem").inner_text() == ""
    return page.locator("#done-title").inner_text()


def test_an_enterprise_gets_a_key_signs_a_pledge_follows_it_and_has_it_in_writing(
    desk: Desk, registrar: Desk, book: Book, tmp_path: Path
) -> None:
    part = have_key(desk, tmp_path)
    part.get_by_role("button", name="申请登记").click()
    expect(part.locator(".problem")).to_contain_text("代号由小写字母")
    kid = ask(part, "quality-1")
    expect(part.locator(".key-request")).to_contain_text("等候批准")

    staff = registrar.go("/desk/registrar")
    staff.get_by_role("link", name=own_party(ENTERPRISE)).click()
    staff.wait_for_selector("html[data-ready=yes]")
    assert staff.locator(".thumbprint").inner_text().replace(" ", "") == kid
    assert NAME in staff.locator("main").inner_text()
    registrar.faultless(1280, "a request")
    assert staff.input_value("#party-name") == NAME
    staff.click("#party button")
    assert "已登记" in sign(staff, "PartyEnrolled", NAME, CODE)
    staff.click("#done-acts a:last-child")
    staff.wait_for_selector("#enrol")
    staff.wait_for_selector("html[data-ready=yes]")
    staff.click("#enrol button")
    registrar.faultless(375, "what is about to be signed")
    assert "已登记" in sign(staff, "KeyEnrolled", "quality-1", " ".join(re.findall(".{8}", kid)))
    staff.click("#done-acts a:last-child")
    staff.wait_for_url("**/desk/registrar")
    expect(staff.locator("tbody tr"), "what is in the book waits no more").to_have_count(0)

    page = desk.open("/desk/key")
    page.locator(".key-request[data-state=enrolled]").wait_for()
    desk.faultless(375, "a key that is enrolled")
    desk.sign_in()
    desk.go("/desk/enterprise")
    desk.faultless(1280, "the enterprise's desk")
    page.get_by_role("link", name="3·15").first.click()
    page.wait_for_selector("html[data-ready=yes]")
    page.fill("#pledge-products", "家用净水器")
    page.fill("#pledge-more", "七日内退换。")
    page.click("#pledge button")
    expect(page.locator("#pledge-liability-wrong")).to_contain_text("请填写")
    assert page.input_value("#pledge-more") == "七日内退换。", "nothing typed is lost"
    page.fill("#pledge-liability", "退" * 4_001)
    page.click("#pledge button")
    expect(page.locator("#pledge-liability-wrong")).to_contain_text("最多 4000 字，现有 4001 字")
    assert len(page.input_value("#pledge-liability")) == 4_001, "what is too long is said, and not cut off"
    page.fill("#pledge-liability", "退还货款并承担检测费用。")
    page.fill("#pledge-body-code", "51100000500000005N")
    desk.faultless(375, "the pledge's form")
    page.click("#pledge button")
    title = sign(page, "PledgeMade", "家用净水器", "七日内退换。", "退还货款", own_party(ENTERPRISE), ORIGIN)
    assert "等候公布" in title
    with page.expect_download() as saved:
        page.get_by_role("link", name="保存已签名的声明").click()
    statement = parse_statement(saved.value.path().read_bytes())
    pledge = decode_event(statement, None)
    assert isinstance(pledge, PledgeMade) and "适用的产品和服务：家用净水器\n七日内退换。" in pledge.content
    with page.expect_download() as saved:
        page.get_by_role("link", name="保存收件回执").click()
    token = saved.value.path().read_bytes()
    acknowledged = verify_acknowledgement(token, log_keys(ORIGIN).receipt.public, ORIGIN)
    assert (acknowledged.statement_id, acknowledged.subject) == (statement.statement_id, ENTERPRISE)

    page.get_by_role("link", name="继续").click()
    page.wait_for_url("**/desk/enterprise")
    waiting = page.locator("#waiting ~ ul li")
    assert waiting.count() == 1 and "等候公布" in waiting.inner_text()
    publication, _ = book.sign(book.published(statement.statement_id, 71), ENTERPRISE)
    assert book.post(publication).status_code == 201
    book.get(f"/v1/pledges/{code(71, today())}?min_tree_size={book.size()}")
    page.reload()
    expect(page.locator("#waiting ~ ul li")).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("link", name="承诺公告（PDF）").click()
    assert saved.value.path().read_bytes().startswith(b"%PDF-")
    entry = int(book.http.get(f"/v1/pledges/{code(71, today())}/receipt").headers["location"].rpartition("/")[2])
    transparent, evidence = (book.get(f"/entries/{entry}/{what}").content for what in ("statement", "evidence"))
    assert verify_entry(transparent, evidence, book.trust()).statement.raw == statement.raw
    with page.expect_download() as saved:
        page.locator("#pledges ~ ul").get_by_role("link", name="收据").click()
    assert saved.value.path().read_bytes() == book.get(f"/entries/{entry}").content
    desk.faultless(375, "the enterprise's desk with a pledge")


def test_who_lost_key_and_backup_gets_another_one_after_a_waiting_time(
    desk: Desk, registrar: Desk, book: Book, tmp_path: Path
) -> None:
    part = have_key(desk, tmp_path)
    ask(part, "quality-1", recovers=True)
    staff = registrar.go("/desk/registrar")
    row = staff.locator("tbody tr")
    assert "恢复密钥" in row.inner_text()
    row.get_by_role("link").click()
    staff.wait_for_selector("html[data-ready=yes]")
    usable = str(today() + timedelta(days=7))
    assert usable in staff.locator("#acts").inner_text()
    registrar.faultless(375, "a recovery")
    staff.click("#recovery button")
    expect(staff.locator("#recovery-evidence-wrong")).to_contain_text("请填写")
    staff.fill("#recovery-from", str(today() + timedelta(days=1)))
    staff.fill("#recovery-evidence", "公函 2026-31 号")
    staff.click("#recovery button")
    staff.locator("#confirm").wait_for()
    staff.click("#sign")
    expect(staff.locator("#problem")).to_contain_text("等待期")
    staff.fill("#recovery-from", usable)
    staff.click("#recovery button")
    assert "已登记" in sign(staff, "KeyRecovered", usable, "公函 2026-31 号")

    page = desk.open("/desk/key")
    recovering = page.locator(".key-request[data-state=recovering]")
    recovering.wait_for()
    assert usable in recovering.inner_text()
    desk.open("/en/desk/key")
    expect(page.locator(".key-request")).to_contain_text(f"may be used from {usable}")
