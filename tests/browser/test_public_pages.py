"""The public pages in real Chromium: as people go, at both widths, without scripts, with nothing from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from ledger.domain.values.mark_serials import make
from tests.browser.conftest import SUBJECT, Shown, Watched
from tests.e2e.book import today
from tests.support.marks import mark_licensed, range_of, seed_body, seed_of

CODE = SUBJECT[5:]
LICENSED = {"": "生产当日，该产品获准使用标识", "/en": "on the day of production the mark was licensed"}
NOT_LICENSED = {"": "生产当日，该产品未获准使用标识", "/en": "on the day of production the mark was not licensed"}


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
    expect(page.locator(".whole tbody tr")).to_have_count(4)


def test_the_proof_that_the_page_offers_verifies_in_the_browser(watched: Watched, shown: Shown) -> None:
    page = watched.page
    page.goto(f"{shown.url}/e/{CODE}")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载完整性证明").click()
    content = download.value.path().read_bytes()
    watched.open()
    watched.give({download.value.suggested_filename: content})
    assert watched.verdicts() == ["已核验"], page.locator(".report").inner_text()


@pytest.mark.parametrize(("width", "prefix"), [(375, ""), (1280, "/en")])
def test_a_scanned_mark_says_what_it_cannot_prove_and_tells_by_the_date_of_production(
    watched: Watched, shown: Shown, width: int, prefix: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{shown.url}{prefix}/m/{licensed(shown, number=width)}")
    cannot = (
        "这不能证明手中的产品是真的" if prefix == "" else "This does not prove that the product in your hand is genuine"
    )
    assert page.locator("h2").first.inner_text() == cannot
    expect(page.get_by_text("电热水壶")).to_be_visible()
    button = "查" if prefix == "" else "Look up"
    for day, covered in ((today(), True), (today() - timedelta(days=400), False)):
        page.locator("input[name=produced_on]").fill(day.isoformat())
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_url(f"**produced_on={day}")
        said = page.locator("dt:has-text('生产于') + dd, dt:has-text('Produced on') + dd").inner_text()
        assert said == (LICENSED if covered else NOT_LICENSED)[prefix], said
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page).violations_count == 0
    page.locator("dl a").first.click()
    page.wait_for_url(f"**{prefix}/e/{CODE}")


def licensed(shown: Shown, number: int) -> str:
    """A serial of a range that was just licensed for the pledge, once it can be scanned."""
    (pledge,) = shown.book.get("/v1/campaigns/2026/pledges").json()["pledges"]
    day = today()
    event = mark_licensed(
        number, effective_on=day, pledge=pledge["code"], valid_from=day, valid_until=day + timedelta(days=300)
    )
    statement, _ = shown.book.sign(event, SUBJECT)
    (result,) = shown.book.batch([(statement, seed_body(number))])
    assert result["status"] == "registered", result
    serial = make(seed_of(number), range_of(number), 0)
    assert shown.book.get(f"/m/{serial}?min_tree_size={result['entry'] + 1}").status_code == 200
    return serial


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
        narrow = "[...document.querySelectorAll('.standing .said')].filter((one) => one.clientWidth < 250).length"
        assert page.evaluate(narrow) == 0, path
    watched.complaints[:] = [one for one in watched.complaints if "404" not in one]  # of /p/0, as it should be


def test_without_scripts_the_pages_say_the_same(browser: Browser, shown: Shown) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shown.url}/e/{CODE}")
    assert page.locator(".level").inner_text().strip() == "已承诺"
    expect(page.locator("#pledges")).to_have_count(1)
    context.close()
