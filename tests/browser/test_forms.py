"""Forms of the catalogue in real Chromium: read back, signed, registered; faults stand at their fields."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from ledger.cose.receipt import detach
from ledger.cose.statement import decode_event, parse_statement
from tests.browser.act_forms import Office, office, propose, signed
from tests.browser.desk import desk_book
from tests.e2e.book import Book
from tests.support.charter import ORGANIZER, Speaker
from tests.support.statements import ENTERPRISE

__all__ = ["desk_book"]


@pytest.fixture(scope="module")
def desks(browser: Browser, desk_book: Book, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    desk_book.campaign()
    desk_book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    with office(browser, desk_book, tmp_path_factory.mktemp("keys"), time.time()) as made:
        yield made


@pytest.fixture(scope="module")
def organizer(desks: Office) -> Speaker:
    return desks.officer(ORGANIZER)


def test_a_form_is_filled_in_read_back_from_its_bytes_signed_and_registered(desks: Office, organizer: Speaker) -> None:
    page = desks.form(organizer, "CampaignOpened", "?subject=2027&name_en=Spring&back=/desk/pending")
    assert page.input_value("#subject") == "2027" and page.input_value("#f-name_en") == "Spring"
    page.locator("#act > button").click()
    expect(page.locator("#f-name_zh-wrong")).to_have_text("必填")
    assert page.locator("#f-scopes-wrong").inner_text() == "必填"
    page.fill("#f-name_zh", "2027 年“3·15”𬭚信承诺<b>")
    page.fill("#f-theme", "x" * 513)
    page.fill("#f-notice_number", "质协〔2027〕1号")
    for name, day in (("opens_on", "2026-03-10"), ("closes_on", "2026-03-31"), ("pledge_valid_until", "2027-03-14")):
        page.fill(f"#f-{name}", day)
    page.locator("#f-scopes input[value=product]").check()
    page.locator("#f-clauses [data-add]").click()
    page.locator("#f-clauses input[id$='-id']").fill("Refund!")
    page.locator("#f-clauses input[id$='-zh']").fill("七日无理由退货")
    page.select_option("#f-overlap", "one_per_scope")
    page.locator("#act > button").click()
    expect(page.locator("#f-theme-wrong")).to_contain_text("至多 512 个字符")
    assert "格式不符" in page.locator("#f-clauses [data-item] .problem:not(:empty)").inner_text()
    assert page.input_value("#f-name_zh").endswith("<b>"), "nothing typed is lost"
    page.fill("#f-theme", "提振消费")
    page.locator("#f-clauses input[id$='-id']").fill("refund")
    propose(page)
    said = page.locator("#said").inner_text()
    for one in ("campaign:2027", "2027 年“3·15”𬭚信承诺<b>", "产品质量承诺", "七日无理由退货", organizer.party):
        assert one in said, said
    page.click("#change")
    assert page.input_value("#f-theme") == "提振消费"
    entry = signed(page)
    with page.expect_download() as download:
        page.locator("#done-files a").first.click()
    statement, receipts = detach(download.value.path().read_bytes())
    event = decode_event(parse_statement(statement))
    assert getattr(event, "name_zh", None) == "2027 年“3·15”𬭚信承诺<b>" and len(receipts) == 1
    assert desks.book.get(f"/entries/{entry}/statement").status_code == 200
    page.click("#back")
    page.wait_for_url("**/desk/pending")
