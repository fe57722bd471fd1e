"""What every scene at the desks has: a book, people in browsers of their own, a camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Page, TimeoutError

from tests.browser.act_forms import Office
from tests.browser.conftest import SECONDS_MAX
from tests.browser.desk import Desk
from tests.e2e.book import Book, today
from tests.screenshots.camera import Camera
from tests.support.charter import REGISTRAR, Speaker
from tests.support.receivers import MailReceiver
from tests.support.statements import party_enrolled, speaker_of

READY_MS_MAX = 5_000

__all__ = ["LONG", "RARE", "Gallery", "button"]

LONG = "四川省成都市高新技术产业开发区" + "联合精密机械设备制造与售后服务一体化" * 4 + "股份有限公司第一百二十七分公司"
RARE = "北京𬭚䶮㛃𠮷精密机械有限公司"
MARKUP = '<b>七日</b>内退换，{{ 7 * 7 }} & "包退"；详见 https://example.cn/' + "very-long-address/" * 8


@dataclass
class Gallery:
    """A book with its campaign of 2026. Each scene has enterprises of its own."""

    book: Book
    office: Office
    camera: Camera
    mails: MailReceiver
    superuser: str
    officers: dict[str, Speaker] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.office.folder

    def officer(self, usual: Speaker) -> Speaker:
        """Another officer of a party, with a key for browsers; enrolled once."""
        name = f"{usual.party} {usual.officer}"
        if name not in self.officers:
            self.officers[name] = self.office.officer(usual)
        return self.officers[name]

    def owner(self, subject: str) -> Speaker:
        """The enterprise as a party with a key of its own; one behind an opaque id is named by that alone."""
        if not subject.startswith("local:"):
            return self.book.own_key(subject)
        speaker = speaker_of(subject)
        self.book.register(party_enrolled(effective_on=today(), name_zh=subject), speaker.party, REGISTRAR)
        self.book.enrol(speaker)
        return speaker

    def at(self, usual: Speaker) -> Desk:
        """The desk of that other officer, signed in."""
        return self.office.at(self.officer(usual))

    @contextmanager
    def newcomer(self, *, scripts: bool = True) -> Iterator[Desk]:
        """A browser that has never been here."""
        context: BrowserContext = self.office.browser.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts
        )
        context.set_default_timeout(SECONDS_MAX * 1000)
        self.office.tell_time(context)
        try:
            yield Desk(context.new_page(), self.book.service.url)
        finally:
            context.close()

    def show(self, desk: Desk, path: str, name: str, *, english: bool = False) -> Page:
        """A page's picture; in English, too, where asked. What follows goes on at the Chinese one."""
        if english:
            _settled(desk.go(f"/en{path}"))
            self.camera.take(desk.page, f"{name}-en")
        _settled(desk.go(path))
        self.camera.take(desk.page, name)
        return desk.page

    def take(self, page: Page, name: str) -> None:
        """The page as it stands."""
        self.camera.take(page, name)

    def press(self, page: Page, selector: str, until: str, name: str) -> None:
        """A step of a form: what is pressed, what then is there, and the picture of it."""
        page.click(selector)
        page.locator(until).first.wait_for()
        self.take(page, name)

    def projected(self) -> None:
        """Wait until read models hold all that was registered."""
        answer: httpx.Response = self.book.get(f"/v1/enterprises?limit=1&min_tree_size={self.book.size()}")
        assert answer.status_code == 200


def _settled(page: Page) -> None:
    """Until its scripts are ready, where it has any; some say nothing where they have nothing to do."""
    if page.locator("head script[type=module]").count():
        with suppress(TimeoutError):
            page.wait_for_selector("html[data-ready=yes]", timeout=READY_MS_MAX)


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
