"""The desks in one piece: a key is made, backed up, approved; a pledge signed; its publication drafted by one officer,
left for a time, called back and released by another; receipt and certificate fetched; a lost key opened again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, expect

from api.cli.main import main
from ledger.domain.values.subject import own_party
from ledger.keys.signer import new_key, save_key
from tests.browser.conftest import LISTEN, SECONDS_MAX
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book, watched_desk
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR, Speaker
from tests.support.releases import in_seconds
from tests.support.statements import ENTERPRISE

__all__ = ["desk", "desk_book"]

CODE, PARTY = ENTERPRISE[5:], own_party(ENTERPRISE)
NAME = "北京清泉净水设备有限公司"
DAY = 86_400


@contextmanager
def another_browser(browser: Browser, book: Book) -> Iterator[Desk]:
    """With nothing in it: another person's, or a fresh profile."""
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SECONDS_MAX * 1000)
    context.add_init_script(LISTEN)
    context.clock.set_fixed_time(datetime.fromtimestamp(time.time(), UTC))  # the run's own clock, as the service has it
    try:
        yield from watched_desk(context, book)
    finally:
        context.close()


class Staff:
    """The people of organizer and registrar, each in a browser of their own."""

    def __init__(self, browser: Browser, book: Book, folder: Path, stack: ExitStack) -> None:
        self.browser, self.book, self.folder, self.stack = browser, book, folder, stack

    def come(self, usual: Speaker, officer: str) -> Desk:
        """A new officer, whose key the party enrolled, signs in."""
        speaker, file = Speaker(usual.party, new_key("p256"), officer), self.folder / f"{officer}.pem"
        save_key(file, speaker.signer, PASSPHRASE)
        self.book.enrol(speaker, usual, officer=officer)
        came = self.stack.enter_context(another_browser(self.browser, self.book))
        came.signed_in_as(speaker, file)
        return came


@pytest.fixture
def staff(browser: Browser, desk_book: Book, tmp_path: Path) -> Iterator[Staff]:
    desk_book.campaign()
    with ExitStack() as stack:
        yield Staff(browser, desk_book, tmp_path, stack)


def read_and_sign(desk: Desk, done: str, *said: str) -> None:
    """Reads what is about to be signed, signs it, and sees what became of it."""
    shown = desk.page.locator("#said")
    for one in said:
        expect(shown).to_contain_text(one)
    desk.page.click("#sign")
    expect(desk.page.locator("#done-title")).to_contain_text(done)


def command(*words: str) -> str:
    """In a thread without the event loop of the browser."""
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(CliRunner().invoke, main, list(words)).result(SECONDS_MAX)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_a_new_key_to_a_certificate_and_back_to_a_lost_key(
    desk: Desk, staff: Staff, browser: Browser, desk_book: Book, tmp_path: Path
) -> None:
    page = desk.page

    # The enterprise makes a key, and its backup before the key counts
    download = desk.make_key(CODE)
    backup = tmp_path / download.suggested_filename
    download.save_as(backup)
    desk.check_backup(backup)
    part = page.locator(".own-key")
    part.locator(".key-request input[autocomplete]").fill("quality-1")
    part.get_by_role("button", name="申请登记").click()
    part.locator(".key-request[data-state=waiting]").wait_for()
    kid = part.get_attribute("data-kid") or ""

    # The registrar compares the thumbprint, and approves: an enterprise that was no party yet
    desk_book.enterprise(ENTERPRISE, name=NAME)
    registrar = staff.come(REGISTRAR, "registrar-7")
    registrars = registrar.go("/desk/registrar")
    registrars.get_by_role("link", name=PARTY).click()
    registrars.wait_for_selector("html[data-ready=yes]")
    assert registrars.locator(".thumbprint").inner_text().replace(" ", "") == kid
    registrars.click("#party button")
    read_and_sign(registrar, "已登记", NAME, CODE)
    registrars.click("#done-acts a:last-child")
    registrars.wait_for_selector("#enrol")
    registrars.wait_for_selector("html[data-ready=yes]")
    registrars.click("#enrol button")
    read_and_sign(registrar, "已登记", "quality-1", kid[:8])

    # It signs a pledge, which waits
    desk.sign_in()
    desk.open("/desk/enterprise/pledge?campaign=2026")
    page.fill("#pledge-products", "家用净水器")
    page.fill("#pledge-liability", "退还货款并承担检测费用。")
    page.fill("#pledge-body-code", "51100000500000005N")
    page.click("#pledge button")
    read_and_sign(desk, "等候公布", "家用净水器", PARTY, ORIGIN)

    # Staff see it wait at their desk; one drafts its publication
    drafter, releaser = staff.come(ORGANIZER, "clerk-7"), staff.come(ORGANIZER, "chief-1")
    drafters = drafter.page
    expect(drafters.locator("main")).to_contain_text("等候公布")
    drafter.open("/desk/pending")
    drafters.locator("#rows tr td[data-is=承诺] a").click()
    drafters.wait_for_url("**/desk/pending/*")
    expect(drafters.locator("main")).to_contain_text("家用净水器")
    for width in (375, 1280):
        drafter.faultless(width, f"one that waits, and is drafted, at {width}")
    drafters.get_by_role("link", name="拟稿").click()
    drafters.wait_for_selector("html[data-ready=yes]")
    code = drafters.input_value("#f-code")
    assert code.startswith(CODE[2:8]), "the desk proposes it"
    drafters.click("#lay")
    drafters.wait_for_url("**/desk/releases/*")
    address, size = drafters.url.removeprefix(drafter.origin), desk_book.size()
    expect(drafters.locator("main")).to_contain_text("由本单位另一名经办人签发")

    # Another leaves it for a chosen time, calls it back, then publishes it
    releasers = releaser.go("/desk/releases")
    releasers.locator("main table a").first.click()
    releasers.wait_for_url(f"**{address}")
    chosen = in_seconds(DAY)[:16]
    releasers.fill("#when", chosen)
    releasers.click("#when-form button")
    expect(releasers.locator("#said")).to_contain_text(code)
    expect(releasers.locator("#said")).to_contain_text(chosen[:10])
    releasers.click("#sign")
    expect(releasers.locator("main")).to_contain_text("已签名，将于")
    releasers.get_by_role("button", name="撤回").click()
    expect(releasers.locator("main")).to_contain_text("由 chief-1 撤回，没有发布")
    assert desk_book.size() == size, "nothing is in the book"
    releasers.fill("#when", "")
    releasers.click("#when-form button")
    expect(releasers.locator("#said")).to_contain_text("立即")
    releasers.click("#sign")
    expect(releasers.locator("main")).to_contain_text("已发布")
    assert desk_book.size() == size + 2, "the pledge with its publication"
    desk_book.get(f"/v1/pledges/{code}?min_tree_size={size + 2}")

    # The enterprise has it in writing: receipt and certificate, verified in its browser and by the command
    desk.go("/desk/enterprise")
    expect(page.locator("#waiting ~ ul li")).to_have_count(0)
    written: dict[str, bytes] = {}
    for name, link in ((f"{code}.pdf", "承诺公告（PDF）"), (f"{code}.receipt.cose", "收据")):
        with page.expect_download() as saved:
            page.locator("#pledges ~ ul").get_by_role("link", name=link).click()
        assert saved.value.suggested_filename == name
        saved.value.save_as(tmp_path / name)
        written[name] = (tmp_path / name).read_bytes()
    entry = size
    assert written[f"{code}.receipt.cose"] == desk_book.get(f"/entries/{entry}").content
    for name, path in (
        (f"{code}.transparent.cose", f"/entries/{entry}/statement"),
        (f"{code}.evidence.cbor", f"/entries/{entry}/evidence"),
        ("trust.json", "/.well-known/credit-ledger-trust.json"),
    ):
        written[name] = desk_book.get(path).content
        (tmp_path / name).write_bytes(written[name])
    for name in (f"{code}.pdf", f"{code}.transparent.cose"):
        assert "已核验" in command("verify", str(tmp_path / name), "--trust", str(tmp_path / "trust.json"))
    desk.open("/verify")
    desk.give(
        {name: data for name, data in written.items() if name.endswith((".pdf", ".transparent.cose", ".evidence.cbor"))}
    )
    assert desk.verdicts() == ["已核验", "已核验"]

    # It loses its key, and opens the backup in a fresh browser ...
    with another_browser(browser, desk_book) as fresh:
        fresh.open("/desk/sign-in")
        expect(fresh.page.locator("#no-keys")).to_be_visible()
        fresh.open_backup(backup, CODE)
        fresh.page.locator(".own-key").wait_for()
        fresh.sign_in()
        expect(fresh.go("/desk/enterprise").locator("#pledges ~ ul")).to_contain_text(code)

    # ... and with the command, whose statement counts like those of the browser
    (tmp_path / "word").write_text(PASSPHRASE, "utf-8")
    opened = ["--passphrase-file", str(tmp_path / "word")]
    shown: dict[str, Any] = json.loads(command("key", "show", str(backup), *opened, "--json"))
    assert shown["kid"] == kid
    fields = json.dumps({"code": code, "ends_on": str(today())})
    said = ["--subject", ENTERPRISE, "--issuer", PARTY, "--audience", ORIGIN, "--data", fields]
    file = str(tmp_path / "withdrawn.cose")
    command("statement", "new", "PledgeWithdrawn", *said, "--key", str(backup), *opened, "-o", file)
    command("submit", desk_book.service.url, file, "-o", str(tmp_path))
    assert desk_book.size() == size + 3
