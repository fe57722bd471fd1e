"""`/verify` in real Chromium, as people use it: files in, one of three words out, with every step; offline as well."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import SUBJECT, Shown, Watched


def test_a_statement_with_its_evidence_is_verified_step_by_step(watched: Watched, shown: Shown) -> None:
    page = watched.open()
    watched.give(shown.files(shown.pledge, "pledge"))
    assert watched.verdicts() == ["已核验"]
    expect(page.locator(".report .steps li")).to_have_count(9)
    said = page.locator(".report").inner_text()
    assert f"第 {shown.pledge} 条" in said
    assert "核对的是记录未被改动，不是内容属实" in said
    assert "由此不能得知" in said


def test_a_changed_statement_is_refuted_and_one_without_evidence_could_not_be_checked(
    watched: Watched, shown: Shown
) -> None:
    files = shown.files(shown.pledge, "pledge")
    (name, data), _ = files.items()
    watched.open()
    watched.give({name: data})
    assert watched.verdicts() == ["无法核验"]
    watched.give({**files, name: data[:-1] + bytes([data[-1] ^ 1])})
    assert watched.verdicts() == ["不符"]


def test_an_english_page_says_the_same_in_english(watched: Watched, shown: Shown) -> None:
    page = watched.open("/en/verify")
    watched.give({"it.bundle.cbor": shown.bundle()})
    assert watched.verdicts() == ["Verified"]
    assert f"{SUBJECT} has exactly the" in page.locator(".report").inner_text()
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/verify")
    assert page.locator("h1").inner_text() == "核验"


def test_a_signed_standing_counts_with_the_entries_that_it_rests_on(watched: Watched, shown: Shown) -> None:
    page = watched.open()
    watched.give({"it.standing.cose": shown.standing()})
    assert watched.verdicts() == ["无法核验"]
    assert str(shown.pledge) in page.locator(".report .reason").inner_text()
    watched.give({"it.bundle.cbor": shown.bundle()})
    assert watched.verdicts() == ["已核验", "已核验"]


def test_files_dropped_onto_the_page_are_taken(watched: Watched, shown: Shown) -> None:
    page = watched.open()
    data = list(shown.bundle())
    page.evaluate(
        """(data) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([new Uint8Array(data)], "x.bin"));
          const how = { dataTransfer: dropped, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        data,
    )
    page.wait_for_selector(".report.verified")


def test_what_is_dropped_is_verified_without_network(context: BrowserContext, watched: Watched, shown: Shown) -> None:
    page = watched.open()
    page.locator("#offline").filter(has_text="断网也能用").wait_for()
    files = shown.files(shown.pledge, "pledge")
    context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    watched.give(files)
    assert watched.verdicts() == ["已核验"]
    assert "本浏览器固定的那份" in page.locator("#trust-said").inner_text()
    watched.complaints[:] = [one for one in watched.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


def _offer(context: BrowserContext, trust: bytes) -> None:
    """From now on the service's trust file is another one."""
    context.route(
        "**/credit-ledger-trust.json", lambda route: route.fulfill(body=trust, content_type="application/json")
    )


def test_a_trust_file_that_changed_is_an_alarm_and_nothing_is_verified(
    context: BrowserContext, watched: Watched, shown: Shown
) -> None:
    page = watched.open()
    expect(page.locator("#alarm")).to_be_hidden()
    _offer(context, shown.trust_file().replace(b'"witness_policy": ""', b'"witness_policy": "# 1"'))
    page = watched.open()
    expect(page.locator("#alarm")).to_be_visible()
    assert "witness_policy" in page.locator("#alarm-fields").inner_text()
    watched.give(shown.files(shown.pledge, "pledge"))
    assert set(watched.verdicts()) == {"无法核验"}
    assert "信任文件变了" in page.locator(".report .reason").first.inner_text()


def test_after_an_alarm_a_person_decides_digest_in_hand(
    context: BrowserContext, watched: Watched, shown: Shown
) -> None:
    watched.open()
    _offer(context, shown.trust_file() + b"\n")
    page = watched.open()
    watched.give(shown.files(shown.pledge, "pledge"))
    page.fill("#typed-digest", "00000000")
    page.click("#take-offered button")
    assert set(watched.verdicts()) == {"无法核验"}
    page.fill("#typed-digest", page.locator("#digest-offered").inner_text()[:8])
    page.click("#take-offered button")
    page.wait_for_selector(".report.verified")
    watched.open()
    expect(page.locator("#alarm")).to_be_hidden()


def test_keeping_the_pinned_file_verifies_with_it_and_alarms_again_next_time(
    context: BrowserContext, watched: Watched, shown: Shown
) -> None:
    watched.open()
    _offer(context, b"{}")
    page = watched.open()
    page.click("#keep-pinned")
    watched.give(shown.files(shown.pledge, "pledge"))
    assert watched.verdicts() == ["已核验"]
    watched.open()
    expect(page.locator("#alarm")).to_be_visible()


def test_a_pin_that_somebody_spoilt_is_an_alarm_too(watched: Watched) -> None:
    page = watched.open()
    page.evaluate("localStorage.setItem('credit-ledger-trust', '{')")
    watched.open()
    expect(page.locator("#alarm")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("path", ["/verify", "/en/verify"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    context: BrowserContext, watched: Watched, shown: Shown, path: str, width: int
) -> None:
    watched.page.set_viewport_size({"width": width, "height": 900})
    page = watched.open(path)
    files = shown.files(shown.pledge, "pledge")
    data = next(iter(files.values()))
    watched.give({**files, "other.transparent.cose": data[:-1] + b"\0", "a" * 120 + ".pdf": b"%PDF-1.7"})
    assert Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    _offer(context, b"{}")
    page = watched.open(path)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_scripts_the_page_says_what_to_do_instead(browser: Browser, shown: Shown) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shown.url}/verify")
    assert "credit-ledger verify FILE --trust trust.json" in page.locator("noscript").inner_text()
    expect(page.locator("#drop")).to_be_hidden()
    context.close()
