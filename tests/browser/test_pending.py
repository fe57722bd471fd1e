"""Two people in two browsers: an enterprise's pledge waits, staff publish or refuse it, and the enterprise sees it."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import structs
from playwright.sync_api import Browser, expect

from ledger.domain.values.subject import own_party
from ledger.keys.signer import new_key, save_key
from tests.browser.conftest import LISTEN
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book, watched_desk
from tests.e2e.book import Book
from tests.support.charter import ORGANIZER, Speaker
from tests.support.statements import ENTERPRISE, EVIDENCE, OTHER_ENTERPRISE

__all__ = ["desk", "desk_book"]

OWNER = Speaker(own_party(ENTERPRISE), new_key("p256"), "owner")


@pytest.fixture(scope="module")
def book(desk_book: Book) -> Book:
    desk_book.campaign()
    for subject, name in ((ENTERPRISE, "北京清泉净水设备有限公司"), (OTHER_ENTERPRISE, "示例𬭚业有限公司")):
        desk_book.enterprise(subject, name=name)
    desk_book.own_key(ENTERPRISE, OWNER)
    other = desk_book.own_key(OTHER_ENTERPRISE)
    for scope in ("comprehensive", "product"):
        assert desk_book.post(desk_book.sign(desk_book.made(scope=scope), ENTERPRISE, OWNER)[0]).status_code == 303
    for scope in ("comprehensive", "service"):
        assert (
            desk_book.post(desk_book.sign(desk_book.made(scope=scope), OTHER_ENTERPRISE, other)[0]).status_code == 303
        )
    return desk_book


@pytest.fixture(scope="module")
def files(book: Book, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The key files of a clerk of the organizer and of the enterprise's officer."""
    folder = tmp_path_factory.mktemp("keys")
    signer = new_key("p256")
    book.enrol(Speaker(ORGANIZER.party, signer, "clerk-7"), ORGANIZER, officer="clerk-7")
    save_key(folder / "clerk.pem", signer, PASSPHRASE)
    save_key(folder / "owner.pem", OWNER.signer, PASSPHRASE)
    return {"clerk": folder / "clerk.pem", "owner": folder / "owner.pem"}


def test_staff_refuse_one_publish_all_that_is_shown_and_the_enterprise_sees_both(
    desk: Desk, browser: Browser, book: Book, files: dict[str, Path]
) -> None:
    context = browser.new_context()
    context.add_init_script(LISTEN)
    for owner in watched_desk(context, book):
        owner.signed_in_as(OWNER, files["owner"])
        expect(owner.page.locator("#waiting ~ ul li")).to_have_count(2)
        staff = desk.signed_in_as(ORGANIZER, files["clerk"])

        desk.open("/desk/pending?q=" + ENTERPRISE[5:] + "&scope=product")
        staff.locator("#rows tr td[data-is=承诺] a").click()
        staff.wait_for_url("**/desk/pending/*")
        desk.faultless(375, "one that waits")
        staff.fill("#reason", "条款与活动不符")
        staff.click("form.fields button")
        expect(staff.locator("main")).to_contain_text("条款与活动不符")
        owner.go("/desk")
        expect(owner.page.locator("main")).to_contain_text("条款与活动不符")

        desk.open("/desk/pending?state=waiting&sort=enterprise")
        expect(staff.locator("#rows tr")).to_have_count(3)
        size = book.size()
        staff.click("#prepare")
        staff.locator("#sign").wait_for()
        said = staff.locator("#said").inner_text()
        assert "公布以下 3 份承诺" in said and ORGANIZER.party in said, said
        for width in (1280, 375):
            desk.faultless(width, "before publishing")
        takes = staff.locator("#takes tr td[data-is=编码] code").all_inner_texts()
        staff.click("#sign")
        staff.locator("#done").wait_for()
        assert "已公布 3 份" in staff.locator("#result").inner_text()
        with staff.expect_download() as download:
            staff.click("#final")
        rows = list(csv.DictReader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig"))))
        assert [one["code"] for one in rows] == takes and {one["status"] for one in rows} == {"published"}
        assert book.size() == size + 6, "each pledge and its publication"
        pledge = json.loads(book.get(f"/v1/pledges/{takes[0]}?min_tree_size={book.size()}").content)
        assert pledge["code"] == takes[0]
        desk.open("/desk/pending?state=waiting")
        expect(staff.locator("#rows tr")).to_have_count(0)

        owner.go("/desk")
        expect(owner.page.locator("#pledges ~ ul li")).to_have_count(1)
        expect(owner.page.locator("#waiting ~ ul li"), "the refused one, with its reason").to_have_count(1)
    context.close()


def test_a_code_that_was_taken_meanwhile_is_followed_by_the_next(
    desk: Desk, book: Book, files: dict[str, Path]
) -> None:
    statement, _ = book.sign(book.made(scope="service"), ENTERPRISE, OWNER)
    assert book.post(statement).status_code == 303
    staff = desk.signed_in_as(ORGANIZER, files["clerk"])
    desk.open(f"/desk/pending/{sha256(statement).hexdigest()}")
    staff.fill("#code", "1" * 21)
    staff.click("#prepare")
    expect(staff.locator("#code-wrong"), "a digit too many is not cut off").to_contain_text("20 位数字")
    desk.open("/desk/pending?state=waiting&scope=service")
    staff.click("#prepare")
    staff.locator("#sign").wait_for()
    proposed = staff.locator("#takes tr td[data-is=编码] code").inner_text()
    _take(book, proposed)
    staff.click("#sign")
    staff.locator("#done").wait_for()
    assert "已公布 1 份" in staff.locator("#result").inner_text()
    with staff.expect_download() as download:
        staff.click("#final")
    (row,) = csv.DictReader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig")))
    assert row["code"] == f"{int(proposed) + 1:020}"


def _take(book: Book, code: str) -> None:
    """Somebody publishes another pledge under this code."""
    statement, _ = book.sign(book.made(scope="product_and_service", evidence=EVIDENCE), OTHER_ENTERPRISE)
    (made,) = book.batch([(statement, None)])
    event = structs.replace(book.published(made["statement_id"], 1), code=code)
    book.register(event, OTHER_ENTERPRISE)
