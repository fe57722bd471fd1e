"""Forms of the catalogue in real Chromium: read back, signed, registered; faults stand at their fields."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ledger.cose.receipt import detach
from ledger.cose.statement import decode_event, parse_statement
from tests.browser.act_forms import Office, draft_of, fill_from, office, propose, said_against, signed
from tests.browser.desk import desk_book
from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY, ORGANIZER, Speaker
from tests.support.statements import CAMPAIGN, ENTERPRISE, campaign_opened, outcome

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


def test_a_half_filled_form_is_kept_and_goes_to_a_file_and_back(
    desks: Office, organizer: Speaker, tmp_path: Path
) -> None:
    page = desks.form(organizer, "StandardDeclared", f"?subject={ENTERPRISE}")
    page.fill("#f-title", "家用电热水壶")
    for name in ("电热水壶", "<img src=x onerror=alert(1)>"):
        page.locator("#f-products [data-add]").click()
        page.locator("#f-products [data-item]").last.locator("input[id$='-name']").fill(name)
    page.reload()  # who leaves at once loses nothing
    page.wait_for_selector("html[data-ready=yes]")
    assert page.input_value("#f-title") == "家用电热水壶"
    names = page.locator("#f-products [data-item] input[id$='-name']")
    assert [one.input_value() for one in names.all()] == ["电热水壶", "<img src=x onerror=alert(1)>"]
    names.last.fill("<img src=x onerror=alert(2)>")
    expect(page.locator("#draft-state")).to_contain_text("已留在本浏览器")
    page.locator("#drafts summary").click()
    with page.expect_download() as download:
        page.click("#draft-save")
    file = tmp_path / "draft.json"
    download.value.save_as(file)
    page.locator("#f-products [data-remove]").first.click()
    expect(names).to_have_count(1)
    page.set_input_files("#draft-file", file)
    expect(names).to_have_count(2)
    other = draft_of(campaign_opened(), CAMPAIGN)
    page.set_input_files("#draft-file", {"name": "x.json", "mimeType": "application/json", "buffer": other})
    expect(page.locator("#draft-file-wrong")).to_contain_text("CampaignOpened")
    page.set_input_files("#draft-file", {"name": "x.json", "mimeType": "application/json", "buffer": b"[]"})
    expect(page.locator("#draft-file-wrong")).to_contain_text("不是草稿文件")
    expect(names, "nothing is lost by it").to_have_count(2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#draft-clear")
    expect(page.locator("#f-title")).to_have_value("")


def test_what_the_service_refuses_stands_at_the_field_that_its_rule_names(desks: Office) -> None:
    handling = desks.officer(HANDLING_BODY)
    page = desks.form(handling, "ComplaintOutcomeRecorded", f"?subject={ENTERPRISE}")
    page.goto(f"{desks.book.service.url}/en/desk/act/ComplaintOutcomeRecorded?subject={ENTERPRISE}")
    page.wait_for_selector("html[data-ready=yes]")
    fill_from(page, draft_of(outcome(31, notified_on=None, product_class="电话 13800138000"), ENTERPRISE, sealed=True))
    for wrong, mend, value in (
        ("#f-product_class-wrong", "#f-product_class", "小家电"),
        ("#f-notified_on-wrong", "#f-notified_on", "2026-03-02"),
    ):
        propose(page)
        assert "sealed" in page.locator("#said").inner_text()
        page.click("#sign")
        page.locator(f"{wrong}:not(:empty)").wait_for()
        assert page.locator("[aria-invalid]").count() == 1, said_against(page)
        assert page.input_value("#f-issue") == "质量", "nothing typed is lost"
        page.fill(mend, value)
    propose(page)
    page.click("#sign")
    page.locator("#done:not([hidden])").wait_for()
    assert "Registered as entry" in page.locator("#done-title").inner_text()
    expect(page.locator("#done-files a[download$='.body.json']"), "the body can be kept").to_have_count(1)


def test_an_enterprises_pledge_waits_and_its_statement_can_be_kept(desks: Office) -> None:
    owner = desks.officer(desks.book.own_key(ENTERPRISE))
    page = desks.form(owner, "PledgeMade", f"?campaign={CAMPAIGN}&scope=product&clauses=refund&clauses=reply")
    expect(page.locator("#subject"), "an enterprise speaks about itself alone").to_be_hidden()
    assert page.input_value("#f-clauses") == "refund\nreply"
    made = {"reason": "3·15", "content": "保证质量。\n包退包换。", "liability": "退一赔三", "made_on": str(today())}
    for name, value in {**made, "accepting_body": "协会", "accepting_code": "51100000500000005N"}.items():
        page.fill(f"#f-{name}", value)
    page.select_option("#f-disclosure", "public")
    propose(page)
    page.click("#sign")
    page.locator("#done:not([hidden])").wait_for()
    assert page.locator("#done-title").inner_text() == "已收到，等候公布"
    with page.expect_download() as download:
        page.locator("#done-files a").click()
    statement = download.value.path().read_bytes()
    assert page.locator("#done").get_attribute("data-statement") == sha256(statement).hexdigest()
    expect(desks.at(owner).go(f"/desk/pending/{sha256(statement).hexdigest()}").locator("h1")).to_have_count(1)
    assert "保证质量" in page.locator("main").inner_text()


def test_pages_of_forms_pass_axe_keep_their_policy_and_fit_small_screens(desks: Office, organizer: Speaker) -> None:
    desk = desks.at(organizer)
    for prefix in ("", "/en"):
        desk.go(f"{prefix}/desk/act")
        for width in (1280, 375):
            desk.faultless(width, f"{prefix}/desk/act")
        page = desk.open(f"{prefix}/desk/act/StandingPolicyProposed")
        for width in (1280, 375):
            desk.faultless(width, f"{prefix}/desk/act/StandingPolicyProposed")
    desk.page.set_viewport_size({"width": 1280, "height": 900})
    page = desks.form(organizer, "CampaignOpened")
    page.locator("#act > button").click()
    page.locator("#f-theme-wrong:not(:empty)").wait_for()
    desk.faultless(375, "faults")
    fill_from(page, draft_of(campaign_opened(), "campaign:look"))
    propose(page)
    desk.faultless(375, "what is to be signed")
    page.click("#sign")
    page.locator("#done:not([hidden])").wait_for()
    desk.faultless(375, "the receipt")
    desk.page.set_viewport_size({"width": 1280, "height": 900})


def test_without_scripts_the_page_says_that_signing_takes_them(desks: Office, organizer: Speaker) -> None:
    context = desks.browser.new_context(java_script_enabled=False)
    context.add_cookies(desks.at(organizer).page.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{desks.book.service.url}/desk/act/CampaignOpened")
    assert "须允许脚本" in page.locator("main").inner_text()
    expect(page.locator("#filling")).to_be_hidden()
    page.goto(f"{desks.book.service.url}/desk/act")
    expect(page.locator("a[href='/desk/act/CampaignOpened']")).to_have_count(1)
    context.close()
