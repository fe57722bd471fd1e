"""One running service for each module, one real Chromium; what a page does that it must not is looked at afterwards."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from ledger.keys.signer import save_key
from tests.e2e.book import Book, open_book, today
from tests.support.charter import HANDLING_BODY, LOG_OPERATOR
from tests.support.database import PostgresServer
from tests.support.projected import await_projected
from tests.support.statements import outcome
from tests.support.waiting import eventually

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SUBJECT = "uscc:91350100M0001TGQX1"
SECONDS_MAX = 60
expect.set_options(timeout=SECONDS_MAX * 1000)  # by itself it waits for five, whatever the context of a page says
# Runs in every page before its own scripts, and is not subject to its policy.
LISTEN = """
window.violations = [];
document.addEventListener(
  "securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);
"""


def chromium() -> str | None:
    """The system's Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window. Gone with the module: it runs an event loop in the thread of the tests,
    beside which others, which run loops of their own, would fail.
    """
    found = chromium()
    if found is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(NAMES)}): the browser tests need one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Shown:
    """A service with a map of its own, and an enterprise with a pledge and an outcome that counts."""

    book: Book
    pledge: int
    complaint: int

    @property
    def url(self) -> str:
        return self.book.service.url

    def files(self, index: int, name: str) -> dict[str, bytes]:
        """An entry's statement with receipt, and the evidence about its issuer."""
        return {
            f"{name}.transparent.cose": self.book.get(f"/entries/{index}/statement").content,
            f"{name}.evidence.cbor": self.book.get(f"/entries/{index}/evidence").content,
        }

    def bundle(self) -> bytes:
        return self.book.get(f"/v1/enterprises/{SUBJECT[5:]}/proof").content

    def standing(self) -> bytes:
        path = f"/v1/enterprises/{SUBJECT[5:]}/standing?min_tree_size={self.book.size()}"
        return self.book.get(path, headers={"Accept": "application/cose"}).content

    def certificate(self) -> bytes:
        (pledge,) = self.book.get("/v1/campaigns/2026/pledges").json()["pledges"]
        return self.book.get(f"/v1/pledges/{pledge['code']}/certificate.pdf").content

    def trust_file(self) -> bytes:
        return self.book.get("/.well-known/credit-ledger-trust.json").content


@pytest.fixture(scope="module")
def shown(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("service")
    save_key(folder / "operator.pem", LOG_OPERATOR.signer)
    options = "--operator-key", str(folder / "operator.pem"), "--map-interval-seconds", "0"
    with postgres_server.database() as database, open_book(folder, *options, database=database.service) as book:
        book.campaign()
        book.enterprise(SUBJECT)
        _, pledge, _ = book.pledge(SUBJECT, serial=1)
        complaint = book.register(outcome(case="a1" * 16, effective_on=today()), SUBJECT, HANDLING_BODY, sealed=True)

        def covered() -> bool:
            root = book.get("/v1/map").json()["published"]
            return root is not None and root["tree_size"] > complaint

        eventually(covered, "a root of the map is published")
        yield Shown(book, pledge, complaint)


@dataclass
class Watched:
    """A page, and all that it did which no page of ours does."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._said)
        self.page.on("request", lambda asked: self._asked(asked.url))

    def _said(self, said: ConsoleMessage) -> None:
        """A browser's word on every answer that refuses; that read models are not so far yet is no fault of a page."""
        if said.type == "error" and "min_tree_size=" not in said.location["url"]:
            self.complaints.append(f"console: {said.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin, "blob:", "data:")):
            self.complaints.append(f"request to {url}")

    def open(self, path: str = "/verify") -> Page:
        """The page, with what is registered by now, once its scripts are ready."""
        await_projected(self.origin)
        self.page.goto(f"{self.origin}{path}")
        self.page.wait_for_selector("html[data-ready=yes]", timeout=SECONDS_MAX * 1000)
        return self.page

    def give(self, files: dict[str, bytes]) -> None:
        """Choose these files, as a person does, and wait for the reports."""
        payload = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files.items()
        ]
        self.page.evaluate("document.getElementById('status').textContent = ''")
        self.page.set_input_files("#files", payload)
        self.page.locator("#status").filter(has_text=re.compile("核验完毕|Verified what")).wait_for()

    def verdicts(self) -> list[str]:
        return self.page.locator(".report .verdict span").all_inner_texts()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SECONDS_MAX * 1000)
    context.add_init_script(LISTEN)
    context.clock.set_fixed_time(datetime.fromtimestamp(time.time(), UTC))  # the run's own clock, as the service has it
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext, shown: Shown) -> Iterator[Watched]:
    """A fresh page; after the test nothing may stand against it."""
    watched = Watched(context.new_page(), shown.url)
    watched.watch()
    yield watched
    assert watched.page.evaluate("window.violations ?? []") == []
    assert watched.complaints == []
