"""The public pages in real Chromium: as people go, at both widths, without scripts, with nothing from elsewhere."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import SUBJECT, Shown, Watched

CODE = SUBJECT[5:]


def paths(shown: Shown) -> list[str]:
    (pledge,) = shown.book.get("/v1/campaigns/2026/pledges").json()["pledges"]
    return [
        "/",
        f"/e/{CODE}",
        f"/p/{pledge['code']}",
        "/c/2026",
        "/search?q=shili",
        "/search?q=没有",
        "/data",
        "/figures",
        "/p/0",
    ]


def test_a_consumer_finds_an_enterprise_on_a_phone_reads_why_and_what_comes_next(
    watched: Watched, shown: Shown
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(shown.url)
    page.get_by_role("searchbox").fill(CODE)
    page.get_by_role("button", name="查询").click()
    page.locator(".found a").first.click()
    page.wait_for_url(f"**/e/{CODE}")
    assert page.locator(".level").inner_text().strip() == "已承诺"
    assert page.locator(".next").inner_text().startswith("接下来")
    assert "没有遗漏" in page.locator(".whole").inner_text()
    page.get_by_text("逐条查看").click()
    assert page.locator(".whole tbody tr").count() == 4


def test_the_proof_that_the_page_offers_verifies_in_the_browser(watched: Watched, shown: Shown) -> None:
    page = watched.page
    page.goto(f"{shown.url}/e/{CODE}")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载完整性证明").click()
    content = download.value.path().read_bytes()
    watched.open()
    watched.give({download.value.suggested_filename: content})
    assert watched.verdicts() == ["已核验"], page.locator(".report").inner_text()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    watched: Watched, shown: Shown, width: int, prefix: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    for path in paths(shown):
        page.goto(f"{shown.url}{prefix}{path}".rstrip("/"))
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate("window.violations ?? []") == [], path
    watched.complaints[:] = [one for one in watched.complaints if "404" not in one]  # of /p/0, as it should be


def test_without_scripts_the_pages_say_the_same(browser: Browser, shown: Shown) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shown.url}/e/{CODE}")
    assert page.locator(".level").inner_text().strip() == "已承诺"
    assert page.locator("#pledges").count() == 1
    context.close()
