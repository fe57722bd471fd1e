"""A certificate in the browser: taken from the pledge's page, verified on one's device; the print is to be read."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import BrowserContext, Page
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from api.certificates.certificate_check import check_certificate
from api.certificates.signature import signed
from api.certificates.x509 import self_signed
from ledger.keys.signer import new_key
from tests.browser.conftest import Shown, Watched
from tests.browser.program import Program
from tests.support.paper_certificate import PaperCertificate
from tests.support.paper_log import ORIGIN

FLIPS = 60
Made = TypeVar("Made")


@pytest.fixture(scope="module")
def paper() -> PaperCertificate:
    return PaperCertificate(renamed="北京𬭚䶮㛃𠮷有限公司", corrected={"content": "更正。"}, demo=True)


def code_of(shown: Shown) -> str:
    (pledge,) = shown.book.get("/v1/campaigns/2026/pledges").json()["pledges"]
    found: str = pledge["code"]
    return found


def downloaded(page: Page, shown: Shown, prefix: str = "") -> dict[str, bytes]:
    """From the page of the pledge, as a person takes it."""
    page.goto(f"{shown.url}{prefix}/p/{code_of(shown)}")
    with page.expect_download() as download:
        page.locator("a[href$='certificate.pdf']").click()
    return {download.value.suggested_filename: download.value.path().read_bytes()}


def elsewhere(made: Callable[[], Made]) -> Made:
    """In another thread: pyHanko runs a loop of its own, which it cannot beside Playwright's."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(made).result()


def updated(pdf: bytes) -> bytes:
    """With a page turned upside down by an update, as any editor of PDF makes one."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Rotate"] = type(page["/MediaBox"][0])(180)
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(("width", "prefix"), [(1280, ""), (375, "/en")])
def test_a_certificate_from_a_pledges_page_is_verified_and_its_words_stand_beside(
    context: BrowserContext, watched: Watched, shown: Shown, width: int, prefix: str
) -> None:
    """The second time without network, from a file that was saved."""
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    files = downloaded(page, shown, prefix)
    watched.open(f"{prefix}/verify")
    page.locator("#offline").filter(has_text="断网也能用" if prefix == "" else "works offline").wait_for()
    context.set_offline(True)
    watched.open(f"{prefix}/verify")
    watched.give(files)
    assert watched.verdicts() == ["已核验" if prefix == "" else "Verified"], page.locator(".report").inner_text()
    said = page.locator(".report .said").inner_text()
    assert code_of(shown) in said
    assert "北京某某有限公司" in said
    not_shown = page.locator(".not-shown").inner_text()
    assert ("没有与记录比对" if prefix == "" else "NOT compared with the entries") in not_shown
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page).response["violations"] == []
    context.set_offline(False)
    watched.complaints[:] = [one for one in watched.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


def test_what_is_checked_is_what_the_command_checks_but_for_the_print(
    watched: Watched, paper: PaperCertificate
) -> None:
    program = Program(watched.open())
    pdf, trust = elsewhere(paper.pdf), paper.log.trust_file().format()
    (report,) = program.files({"it.pdf": pdf}, trust, int(time.time()))
    found = elsewhere(lambda: check_certificate(pdf, paper.log.trust()))
    assert report["verdict"] == "verified"
    assert [(step["zh"], step["en"]) for step in report["steps"]] == [(step.zh, step.en) for step in found.steps[:-1]]
    said = {one["en"]: one["value"] for one in report["said"]}
    assert (said["Enterprise"], said["Publication code"]) == (found.certificate.name, found.certificate.fields[0].value)
    assert said["What was pledged"] == "\n".join((found.certificate.content, *found.certificate.clauses))


def test_what_is_no_certificate_of_this_book_is_refused_by_name(watched: Watched, paper: PaperCertificate) -> None:
    program = Program(watched.open())
    file = paper.log.trust_file()
    trust, pdf = file.format(), elsewhere(paper.pdf)
    foreign = PaperCertificate(keys="another log")
    others = replace(file, certificate_keys=foreign.log.trust_file().certificate_keys)
    key = paper.log.certificate_key
    drawn_over = updated(paper.unsigned() + b"\n")
    before = elsewhere(lambda: signed(drawn_over, key, self_signed(key, ORIGIN), paper.particulars().issued_at))
    cases = [
        (updated(pdf), trust, "refuted", "added to after it was signed"),
        (before, trust, "refuted", "updated between being set and being signed"),
        (pdf[:-1], trust, "refuted", "does not end"),
        (paper.unsigned(), trust, "refuted", "not a certificate"),
        (b"%PDF-1.7\n%%EOF\n", trust, "refuted", "not a certificate"),
        (elsewhere(lambda: paper.pdf(signer=new_key("p256"))), trust, "uncheckable", "no certificate key"),
        (elsewhere(lambda: paper.pdf(signer=paper.log.receipt_key)), trust, "uncheckable", "no certificate key"),
        (pdf, replace(file, certificate_keys=()).format(), "uncheckable", "no certificate key"),
        (elsewhere(foreign.pdf), trust, "uncheckable", "no certificate key"),
        (elsewhere(foreign.pdf), others.format(), "uncheckable", "pledge: the trust file has no receipt key"),
    ]
    for number, (data, trusted, verdict, why) in enumerate(cases):
        (report,) = program.files({"it.pdf": data}, trusted, int(time.time()))
        assert (report["verdict"], why in report["why"]["en"]) == (verdict, True), (number, report)


def test_entries_that_do_not_belong_together_are_refuted(watched: Watched, paper: PaperCertificate) -> None:
    """By the log's own certificate key: who holds it cannot announce what was not published."""
    program = Program(watched.open())
    trust = paper.log.trust_file().format()
    swapped = PaperCertificate(renamed="北京𬭚䶮㛃𠮷有限公司", corrected={"content": "更正。"}, demo=True)
    names = swapped.entries
    for one, two, why in (
        ("publication", "correction-1", "publication: entry"),
        ("campaign", "policy", "campaign: entry"),
        ("name-1", "name-2", "not in the order of the log"),
    ):
        names[one], names[two] = names[two], names[one]
        attached = swapped.attachments()
        names[one], names[two] = names[two], names[one]
        (report,) = program.files({"it.pdf": elsewhere(partial(swapped.pdf_with, attached))}, trust, int(time.time()))
        assert (report["verdict"], why in report["why"]["en"]) == ("refuted", True), report


def test_a_changed_byte_never_leaves_a_certificate_verified(watched: Watched, paper: PaperCertificate) -> None:
    """Half of them where nothing is signed: in the signature's own place. (Thousands: `test_browser_flips.py`.)"""
    program, chance = Program(watched.open()), random.Random("certificate")
    pdf, trust = elsewhere(paper.pdf), paper.log.trust_file().format()
    start = pdf.index(b"/Contents <")
    anywhere = [(chance.randrange(len(pdf)), chance.randrange(1, 256)) for _ in range(FLIPS // 2)]
    unsigned = [(start + chance.randrange(2_400), chance.randrange(1, 256)) for _ in range(FLIPS // 2)]
    case = [(at, 0x20) for at in range(start + 11, start + 60) if pdf[at : at + 1].isalpha()]  # a for A
    assert program.flips({"it.pdf": pdf}, trust, int(time.time()), [*anywhere, *unsigned, *case]) == []
