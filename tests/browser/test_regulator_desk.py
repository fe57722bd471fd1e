"""A regulator in real Chromium: finds an event, reads a closed body, sees that look in the access log, takes evidence
away that verifies offline.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from api.cli.main import main
from ledger.keys.signer import new_key, save_key
from ledger.verifier.formats.archive import read_archive
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book
from tests.e2e.book import Book
from tests.support.charter import REGULATOR, Speaker
from tests.support.statements import ENTERPRISE

__all__ = ["desk", "desk_book"]

CODE = ENTERPRISE.removeprefix("uscc:")
PURPOSE = "立案核查 2026-7"


@pytest.fixture(scope="module")
def closed(desk_book: Book) -> int:
    """A pledge that is not public, of an enterprise with a public one."""
    desk_book.campaign()
    desk_book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    desk_book.pledge(ENTERPRISE, serial=1)
    made, published, _ = desk_book.pledge(ENTERPRISE, serial=2, disclosure="none", scope="product")
    desk_book.get(f"/v1/enterprises/{CODE}?min_tree_size={published + 1}")
    return made


@pytest.fixture(scope="module")
def officers_file(desk_book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of an officer of the regulator."""
    path, signer = tmp_path_factory.mktemp("keys") / "regulator.pem", new_key("p256")
    save_key(path, signer, PASSPHRASE)
    desk_book.enrol(Speaker(REGULATOR.party, signer, "inspector-3"), REGULATOR, officer="inspector-3")
    return path


def test_a_regulator_finds_an_event_reads_a_closed_body_sees_that_look_and_takes_evidence_that_verifies_offline(
    desk: Desk, desk_book: Book, closed: int, officers_file: Path, tmp_path: Path
) -> None:
    page = desk.signed_in_as(REGULATOR, officers_file)
    page.get_by_role("link", name="事件检索").first.click()
    page.fill("input[name=subject]", CODE)
    page.select_option("select[name=type]", "PledgeMade")
    page.get_by_role("button", name="查找").click()
    page.wait_for_url("**/desk/explorer?*type=PledgeMade*")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr", has_text="密封").locator("a").first.click()
    page.wait_for_url(f"**/desk/explorer/{closed}")

    said = desk_book.made().content
    assert said not in page.locator("main").inner_text()
    page.fill("#purpose", "联系人 13912345678")
    page.get_by_role("button", name="查阅正文").click()
    expect(page.locator("#purpose-wrong")).to_contain_text("请勿写入电话")
    assert page.locator("#purpose").input_value() == "联系人 13912345678", "nothing typed is lost"
    desk.complaints[:] = [one for one in desk.complaints if "422" not in one]  # as it should be
    page.fill("#purpose", PURPOSE)
    page.get_by_role("button", name="查阅正文").click()
    expect(page.locator("#body")).to_contain_text(said)
    desk.faultless(1280, "an opened body")
    page.locator("#body a").first.click()
    page.wait_for_url("**/desk/accesses?subject=*")
    row = page.locator("tbody tr", has_text=PURPOSE)
    expect(row, "one look, refused ones for want of a purpose are none").to_have_count(1)
    assert "inspector-3" in row.inner_text() and f"/desk/explorer/{closed}/body" in row.inner_text()

    desk.go(f"/desk/explorer/{closed}")
    commitment = page.locator("dt", has_text="承诺值").locator("+ dd")
    assert not re.search("[0-9a-f]{20}", page.locator("main").inner_text()), "nobody reads a digest to its end"
    commitment.locator("summary").click()
    assert re.search("[0-9a-f]{64}", commitment.inner_text()), "whoever opens it has all of it, to be copied"
    page.get_by_role("link", name="导出").click()
    page.wait_for_url("**/desk/archive?*")
    page.check("input[name=closed]")
    page.fill("#purpose", PURPOSE)
    with page.expect_download() as download:
        page.get_by_role("button", name="导出档案").click()
    archive, trust = tmp_path / download.value.suggested_filename, tmp_path / "trust.json"
    download.value.save_as(archive)
    trust.write_bytes(desk_book.get("/.well-known/credit-ledger-trust.json").content)
    verified = CliRunner().invoke(main, ["verify", str(archive), "--trust", str(trust)])
    assert verified.exit_code == 0, verified.output
    assert said.encode() in read_archive(archive.read_bytes())[f"entries/{closed:010d}.body.json"]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    desk: Desk, closed: int, officers_file: Path, prefix: str
) -> None:
    page = desk.signed_in_as(REGULATOR, officers_file)
    for path in (
        "/desk/explorer",
        "/desk/explorer?subject=x&from=y&type=z",
        f"/desk/explorer/{closed}",
        f"/desk/log/standing?enterprise={CODE}&tree_size=30",
        "/desk/accesses",
        "/desk/archive",
        "/desk/policies",
        "/desk/log",
    ):
        desk.go(prefix + path)
        desk.faultless(1280, prefix + path)
        page.set_viewport_size({"width": 375, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    desk.complaints[:] = [one for one in desk.complaints if "422" not in one]  # of what was typed wrong
