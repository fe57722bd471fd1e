"""A service whose desks are gone to with a browser, and what people do there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import BrowserContext, Download, Page, expect

from api.cli.main import main
from ledger.keys.signer import save_key
from tests.browser.conftest import SECONDS_MAX, Watched
from tests.e2e.book import Book, open_book, today
from tests.support.charter import REGISTRAR, Speaker
from tests.support.database import PostgresServer
from tests.support.projected import await_projected

__all__ = ["PASSPHRASE", "Desk", "act", "desk", "desk_book", "enrol", "watched_desk"]

PASSPHRASE = "正确的马 battery staple"


@pytest.fixture(scope="module")
def desk_book(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path_factory.mktemp("service"), database=database.service) as book,
    ):
        yield book


@dataclass
class Desk(Watched):
    """A page at the desks, in a browser of its own."""

    def go(self, path: str) -> Page:
        """A page without scripts of its own, with what is registered by now."""
        await_projected(self.origin)
        self.page.goto(f"{self.origin}{path}")
        return self.page

    def projected(self) -> None:
        """Before a click that leads to a page of read models: they hold what is registered by now."""
        await_projected(self.origin)

    def faultless(self, width: int, where: str) -> None:
        """Axe finds nothing in the page as it is, nothing is wider than the screen, nothing broke its policy."""
        self.page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{where}\n{found.generate_report()}"
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert self.page.evaluate("window.violations ?? []") == [], where

    def make_key(self, code: str, passphrase: str = PASSPHRASE) -> Download:
        """Makes a key; the backup that the page offers. The key does not count yet."""
        page = self.open("/desk/key")
        page.fill("#make-party", code)
        page.fill("#make-passphrase", passphrase)
        page.fill("#make-again", passphrase)
        page.click("#make button")
        with page.expect_download() as download:
            page.click("#backup")
        return download.value

    def check_backup(self, file: Path, passphrase: str = PASSPHRASE) -> None:
        """Opens the file that was saved, for the key just made."""
        self.page.set_input_files("#check-file", file)
        self.page.fill("#check-passphrase", passphrase)
        self.page.click("#check button")

    def open_backup(self, file: Path, party: str, passphrase: str = PASSPHRASE) -> None:
        """Opens a key file in this browser."""
        page = self.open("/desk/key")
        page.fill("#open-party", party)
        page.set_input_files("#open-file", file)
        page.fill("#open-passphrase", passphrase)
        page.click("#open button")

    def handed(self) -> dict[str, Any]:
        """What the page gives for the registrar, of the one key that is here."""
        with self.page.expect_download() as download:
            self.page.locator(".own-key a[download]").click()
        found: dict[str, Any] = json.loads(download.value.path().read_bytes())
        return found

    def sign_in(self) -> Page:
        """With the one key that is here."""
        page = self.open("/desk/sign-in")
        page.click("#keys button")
        page.click("#sign")
        page.wait_for_url("**/desk")
        return page

    def signed_in_as(self, speaker: Speaker, file: Path) -> Page:
        self.open_backup(file, speaker.party)
        self.page.locator(".own-key").wait_for()
        return self.sign_in()


@pytest.fixture
def desk(context: BrowserContext, desk_book: Book) -> Iterator[Desk]:
    """A fresh browser at the desks; after the test nothing may stand against it."""
    yield from watched_desk(context, desk_book)


def watched_desk(context: BrowserContext, book: Book) -> Iterator[Desk]:
    context.set_default_timeout(SECONDS_MAX * 1000)
    desk = Desk(context.new_page(), book.service.url)
    desk.watch()
    yield desk
    assert desk.page.evaluate("window.violations ?? []") == []
    assert desk.complaints == []


def enrol(book: Book, handed: dict[str, Any], folder: Path) -> None:
    """As a registrar does at the command line, with the file that the page gave."""
    save_key(folder / "registrar.pem", REGISTRAR.signer)
    fields = {"key": handed["key"], "proof": handed["proof"], "officer": "owner", "valid_from": str(today())}
    (folder / "enrol.json").write_text(json.dumps(fields), "utf-8")
    said = ["--subject", handed["party"], "--issuer", REGISTRAR.party, "--audience", handed["audience"]]
    signed = ["--key", str(folder / "registrar.pem"), "--data", f"@{folder / 'enrol.json'}"]
    file = str(folder / "enrol.cose")
    for command in (
        ["statement", "new", "KeyEnrolled", *said, *signed, "-o", file],
        ["submit", book.service.url, file, "-o", str(folder)],
    ):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output


def act(page: Page, name: str, **fields: str) -> None:
    """Fill in a form of a complaint file and send it; the page that follows says nothing against it."""
    for field, value in fields.items():
        control = page.locator(f"#{name} [name={field}]")
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    page.click(f"#{name} button")
    expect(page.locator("[role=alert]")).to_have_count(0)
