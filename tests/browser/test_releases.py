"""Two officers in two browsers: one drafts, the other leaves it for a time, calls it back, and releases it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ledger.keys.signer import new_key, save_key
from tests.browser.conftest import LISTEN
from tests.browser.desk import PASSPHRASE, Desk, desk_book, watched_desk
from tests.e2e.book import Book
from tests.support.charter import ORGANIZER, Speaker
from tests.support.releases import in_seconds
from tests.support.statements import ENTERPRISE

__all__ = ["desk_book"]

DAY = 86_400
NAME = "北京清泉净水设备有限公司"


def officers_desk(book: Book, browser: Browser, folder: Path, officer: str) -> Iterator[Desk]:
    """A browser of its own, in which an officer of the organizer is signed in."""
    file, signer = folder / f"{officer}.pem", new_key("p256")
    save_key(file, signer, PASSPHRASE)
    speaker = Speaker(ORGANIZER.party, signer, officer)
    book.enrol(speaker, ORGANIZER, officer=officer)
    context = browser.new_context()
    context.add_init_script(LISTEN)
    context.clock.set_fixed_time(datetime.fromtimestamp(time.time(), UTC))  # of the service
    for desk in watched_desk(context, book):
        desk.signed_in_as(speaker, file)
        yield desk
    context.close()


@pytest.fixture(scope="module")
def drafter(desk_book: Book, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from officers_desk(desk_book, browser, tmp_path_factory.mktemp("drafter"), "clerk-7")


@pytest.fixture(scope="module")
def releaser(desk_book: Book, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from officers_desk(desk_book, browser, tmp_path_factory.mktemp("releaser"), "chief-1")


def test_one_drafts_the_other_leaves_it_for_a_time_calls_it_back_and_releases_it(
    desk_book: Book, drafter: Desk, releaser: Desk
) -> None:
    page = drafter.open("/desk/act/EnterpriseRegistered?subject=" + ENTERPRISE)
    page.click("#lay")
    expect(page.locator("#status")).to_contain_text("须修改")
    assert page.url.endswith(ENTERPRISE), "what is missing is said here, and nothing was laid"
    page.locator("[data-field=name] [data-input]").fill(NAME)
    page.locator("[data-field=category] select").select_option("organization")
    page.locator("[data-field=size_band] select").select_option("small")
    page.locator("[data-field=size_source] [data-input]").fill("2025 年度报告")
    page.click("#lay")
    page.wait_for_url("**/desk/releases/*")
    address, size = page.url.removeprefix(drafter.origin), desk_book.size()
    expect(page.locator("main")).to_contain_text("由本单位另一名经办人签发")
    expect(page.locator("main")).to_contain_text("生效日期：发布当日")

    other = releaser.go("/desk/releases")
    other.locator("main table a").first.click()
    other.wait_for_url(f"**{address}")
    for width in (1280, 375):
        releaser.faultless(width, f"the draft at {width}")
    assert NAME in other.locator("dl.facts").first.inner_text()
    other.fill("#when", in_seconds(30 * DAY)[:16])
    other.click("#when-form button")
    expect(other.locator("#when-wrong")).to_contain_text("请选择")
    chosen = in_seconds(DAY)[:16]
    other.fill("#when", chosen)
    other.click("#when-form button")
    expect(other.locator("#said")).to_contain_text(NAME)
    said = other.locator("#said").inner_text()
    assert all(one in said for one in (NAME, "企业登记", ENTERPRISE, ORGANIZER.party, chosen[:10], "小型")), said
    other.click("#sign")
    expect(other.locator("main")).to_contain_text("已签名，将于")
    releaser.faultless(375, "left for a time")
    assert desk_book.size() == size, "nothing is in the book before its time"

    page.reload()
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("main")).to_contain_text("由 clerk-7 撤回，没有发布")
    other.reload()
    expect(other.locator("main")).to_contain_text("由 clerk-7 撤回，没有发布")
    other.click("#when-form button")
    expect(other.locator("#said")).to_contain_text("立即")
    other.click("#sign")
    expect(other.locator("main")).to_contain_text("已发布")
    assert desk_book.size() == size + 1
    assert desk_book.get(f"/entries/{size}/statement").content
    drafter.go("/desk/releases")
    for width in (1280, 375):
        drafter.faultless(width, f"the list at {width}")
    assert page.locator("main table .tag.good").inner_text() == "已发布"


def test_the_page_is_whole_in_english_and_says_what_no_key_is_here(releaser: Desk, drafter: Desk) -> None:
    page = drafter.open("/en/desk/act/EnterpriseRegistered?subject=local:release/en")
    page.locator("[data-field=name] [data-input]").fill("某某有限公司")
    page.locator("[data-field=category] select").select_option("individual_business")
    page.locator("[data-field=size_band] select").select_option("small")
    page.locator("[data-field=size_source] [data-input]").fill("年报")
    page.click("#lay")
    page.wait_for_url("**/en/desk/releases/*")
    other = releaser.go(page.url.removeprefix(drafter.origin))
    assert "Show what is to be signed" in other.locator("main").inner_text()
    assert not [one for one in other.locator("dl.facts dt").all_inner_texts() if "_" in one], "fields have words"
    releaser.faultless(375, "in English")
    other.evaluate("indexedDB.deleteDatabase('credit-ledger-desk')")
    other.reload()
    other.click("#when-form button")
    expect(other.locator("#problem")).to_contain_text("not in this browser")
