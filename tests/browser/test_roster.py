"""A roster in real Chromium: judged, then signed on the clerk's machine; the same entries as the command makes.

    pytest -m deep -s tests/browser/test_roster.py

times a whole year's roster, on a machine that does nothing else.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, expect
from stdnum.cn import uscc

from api.cli.main import main
from api.demo.sample_roster import CLAUSES, FLAWS, SampleCampaign, sample_rows
from api.importing import pledge_template as template
from api.importing.table_writer import WritableCell, xlsx_table
from ledger.keys.naming_secret import save_secrets
from ledger.keys.signer import new_key, save_key
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, Speaker

__all__ = ["desk", "desk_book"]

COLUMN = {name: place for place, name in enumerate(template.HEADER)}
FEW = 24
MANY = 310  # more than one batch has
WHOLE = 2_036  # a year's roster of an association
WHOLE_SECONDS_MAX = 120  # handing it in, its dry run and its signing together
PATIENCE_MS = 900_000
NATIONAL = {  # of an assessed pledge, what the national template asks for
    template.FULFILLED: "部分履行",
    template.UNMET: "一项条款未履行",
    template.ACCOUNTABILITY: "已公开说明",
}


@pytest.fixture(scope="module")
def book(desk_book: Book) -> Book:
    sample = SampleCampaign(today() - timedelta(days=14), today())
    desk_book.campaign(clauses=CLAUSES, pledge_valid_until=sample.pledge_valid_until)
    return desk_book


@pytest.fixture(scope="module")
def folder(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of a clerk of the organizer with the organizer's import secret beside it."""
    folder = tmp_path_factory.mktemp("clerk")
    signer = new_key("p256")
    save_key(folder / "organizer.pem", signer, PASSPHRASE)
    save_secrets(folder / "organizer.import-secret.pem", (ORGANIZER.signer.secret,), PASSPHRASE)
    (folder / "passphrase").write_text(PASSPHRASE, "utf-8")
    book.enrol(Speaker(ORGANIZER.party, signer, "clerk-7"), ORGANIZER, officer="clerk-7")
    return folder


def roster(path: Path, count: int, *, flaws: bool, seed: int = 315) -> Path:
    """A real workbook, with individual businesses, sealed pledges and an assessed one among its rows."""
    sample = SampleCampaign(today() - timedelta(days=14), today() - timedelta(days=7))
    header, *rows = sample_rows(count, campaign=sample, flaws=flaws, seed=seed)
    added = (*NATIONAL, template.NATIONAL_ASSESSED_ON)
    for row in rows:
        row.extend([None] * len(added))
    assessed: list[WritableCell] = [*NATIONAL.values(), today()]
    rows[1][len(header) :] = assessed
    for row in rows[2:4]:
        stem = f"92{str(row[COLUMN[template.CODE]])[2:17]}"
        row[COLUMN[template.CODE]] = stem + uscc.calc_check_digit(stem)
        row[COLUMN[template.CATEGORY]] = template.INDIVIDUAL
    for row in rows[3:5]:
        row[COLUMN[template.DISCLOSURE]] = "不可公开"
    path.write_bytes(xlsx_table([[*header, *added], *rows], "承诺名单"))
    return path


def hand_in(desk: Desk, path: Path) -> Page:
    page = desk.go("/desk/roster")
    page.select_option("#campaign", "2026")
    page.set_input_files("#file", path)
    page.click("form.fields button")
    page.wait_for_url(re.compile("/desk/roster/[0-9a-f]{32}$"))
    page.wait_for_selector("html[data-ready=yes]")
    return page


def open_secret(page: Page, file: Path) -> None:
    page.set_input_files("#secret-file", file)
    page.fill("#secret-passphrase", PASSPHRASE)
    page.click("#secret button")
    page.locator("#prepare").wait_for()


def propose(page: Page) -> str:
    page.click("#prepare")
    page.locator("#sign").wait_for()
    return page.locator("#said").inner_text()


def signed(page: Page) -> list[dict[str, str]]:
    """The final report, once everything is signed."""
    page.click("#sign")
    page.locator("#done").wait_for()
    with page.expect_download() as download:
        page.click("#final")
    return list(csv.DictReader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig"))))


def commands_report(book: Book, folder: Path, path: Path) -> bytes:
    """What the command says of the same table, with the same key and secret."""
    said = [
        "--campaign",
        "2026",
        "--key",
        str(folder / "organizer.pem"),
        "--passphrase-file",
        str(folder / "passphrase"),
    ]
    result = CliRunner().invoke(main, ["import", str(path), book.service.url, *said, "--report", str(folder / "r.csv")])
    assert result.exit_code in (0, 1), result.output
    content = (folder / "r.csv").read_bytes()
    (folder / "r.csv").unlink()
    return content


def test_a_roster_is_judged_signed_and_registered_and_is_what_the_command_would_have_made(
    desk: Desk, book: Book, folder: Path, tmp_path: Path
) -> None:
    sent: list[bytes] = []
    desk.page.on("request", lambda one: sent.append(one.post_data_buffer or b"") if one.method == "POST" else None)
    desk.signed_in_as(ORGANIZER, folder / "organizer.pem")
    path = roster(tmp_path / "名单.xlsx", FEW, flaws=True)
    page = hand_in(desk, path)
    before = book.size()
    assert page.locator("a[href*='status=accepted'] + b").inner_text() == str(FEW)
    for width in (1280, 375):
        desk.faultless(width, "a dry run")
    open_secret(page, folder / "organizer.import-secret.pem")
    said = propose(page)
    assert f"登记 {FEW} 份承诺" in said and ORGANIZER.party in said and "附履行评估 1 份" in said, said
    expect(page.locator("#ends tr")).to_have_count(6)
    page.click("#all summary")
    page.locator("#all-rows tr").nth(FEW - 1).wait_for()  # they are drawn when the list is opened
    assert page.locator("#all-rows tr").count() == FEW
    for width in (1280, 375):
        desk.faultless(width, "before signing")
    assert book.size() == before, "nothing is registered before it was asked for"
    report = signed(page)
    desk.faultless(375, "after signing")
    assert [one["status"] for one in report[:FEW]] == ["accepted"] * FEW, report
    assert len(report) == FEW + len(FLAWS)
    assert all(one["status"] in ("refused", "flagged") and not one["entries"] for one in report[FEW:])
    assert sum(len(one["entries"].split()) for one in report) == book.size() - before
    assert len(report[1]["entries"].split()) == 4, "enterprise, pledge, publication, assessment"
    assert [one["subject"].split("/")[0] for one in report[2:4]] == ["local:individual"] * 2

    # the command finds every row registered, by the same names, and nothing to add
    size = book.size()
    command = commands_report(book, folder, path)
    lines = list(csv.DictReader(io.StringIO(command.decode("utf-8-sig"))))
    assert [one["status"] for one in lines[:FEW]] == ["already registered"] * FEW, lines
    assert [(one["subject"], one["pledge_code"]) for one in lines] == [
        (one["subject"], one["pledge_code"]) for one in report
    ]
    # and a second time at the desk says the same as the command, byte by byte
    page = hand_in(desk, path)
    propose(page)
    page.click("#sign")
    page.locator("#done").wait_for()
    with page.expect_download() as download:
        page.click("#final")
    assert download.value.path().read_bytes() == command
    assert book.size() == size
    secret = ORGANIZER.signer.secret.value
    assert not any(secret in content or secret.hex().encode() in content for content in sent)


def test_a_roster_that_was_stopped_is_begun_again_and_nothing_is_registered_twice(
    desk: Desk, book: Book, folder: Path, tmp_path: Path
) -> None:
    desk.signed_in_as(ORGANIZER, folder / "organizer.pem")
    path = roster(tmp_path / "many.xlsx", MANY, flaws=False, seed=77)
    page = hand_in(desk, path)
    open_secret(page, folder / "organizer.import-secret.pem")
    propose(page)
    before = book.size()
    page.evaluate(
        """() => new MutationObserver(() => {
          if (document.getElementById("counted").textContent.startsWith("300")) document.getElementById("stop").click();
        }).observe(document.getElementById("counted"), { childList: true })"""
    )
    report = signed(page)
    expect(page.locator("#problem")).to_contain_text("提前结束")
    left = [place for place, one in enumerate(report) if one["status"] == "not sent"]
    assert left == [1, *range(300, MANY)], "the assessment comes after all pledges"
    assert sum(one["status"] == "accepted" for one in report) == 299
    assert book.size() == before + sum(len(one["entries"].split()) for one in report)

    page.click("#again")
    expect(page.locator("#said")).to_contain_text(f"登记 {len(left)} 份承诺")
    report = signed(page)
    assert [one["status"] for one in report] == ["accepted"] * MANY
    size = book.size()

    # in another sitting the same roster is known throughout
    page = hand_in(desk, path)
    propose(page)
    again = signed(page)
    assert [one["status"] for one in again] == ["already registered"] * MANY
    assert [one["pledge_code"] for one in again] == [one["pledge_code"] for one in report]
    assert book.size() == size


@pytest.mark.deep
@pytest.mark.timeout(1_800)
def test_a_whole_years_roster_is_in_the_book_in_two_minutes(
    desk: Desk, book: Book, folder: Path, tmp_path: Path
) -> None:
    desk.page.context.set_default_timeout(PATIENCE_MS)
    desk.signed_in_as(ORGANIZER, folder / "organizer.pem")
    path = roster(tmp_path / "whole.xlsx", WHOLE, flaws=False, seed=2036)
    begun = time.perf_counter()
    page = hand_in(desk, path)
    judged = time.perf_counter() - begun
    open_secret(page, folder / "organizer.import-secret.pem")
    propose(page)
    begun = time.perf_counter()
    report = signed(page)
    took = time.perf_counter() - begun
    assert [one["status"] for one in report] == ["accepted"] * WHOLE
    print(f"{WHOLE} rows: dry run {judged:.1f} s, signed and registered {took:.1f} s, load {os.getloadavg()[0]:.1f}")
    assert judged + took < WHOLE_SECONDS_MAX


def test_without_the_partys_import_secret_nothing_is_signed(desk: Desk, folder: Path, tmp_path: Path) -> None:
    desk.signed_in_as(ORGANIZER, folder / "organizer.pem")
    page = hand_in(desk, roster(tmp_path / "few.xlsx", 3, flaws=False, seed=5))
    expect(page.locator("#prepare")).to_be_hidden()
    page.set_input_files("#secret-file", folder / "organizer.pem")  # the organizer has had another key before
    page.fill("#secret-passphrase", PASSPHRASE)
    page.click("#secret button")
    expect(page.locator("#problem")).to_contain_text("用过其他密钥")
    page.set_input_files("#secret-file", folder / "organizer.import-secret.pem")
    page.fill("#secret-passphrase", "another passphrase")
    page.click("#secret button")
    expect(page.locator("#secret-passphrase-wrong")).to_contain_text("口令不对")
    expect(page.locator("#prepare")).to_be_hidden()
