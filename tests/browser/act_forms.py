"""People at the forms of a desk: each signs in once in a browser of their own, opens drafts, signs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError

from api.desk.forms.fields import FormField, fields_of
from ledger.domain.events.base import Event
from ledger.domain.rules.catalogue import SPECS
from tests.browser.conftest import LISTEN, SECONDS_MAX
from tests.browser.desk import PASSPHRASE, Desk
from tests.e2e.book import Book
from tests.support.charter import Speaker
from tests.support.keys import signer_for

__all__ = ["Office", "draft_of", "typed_of"]


def typed_of(fields: tuple[FormField, ...], content: dict[str, Any]) -> dict[str, Any]:
    """What a person types in these fields to say `content` (the JSON of an event)."""
    return {one.name: _typed(one, content[one.name]) for one in fields if content.get(one.name) is not None}


def _typed(one: FormField, value: Any) -> Any:
    match one.kind:
        case "group":
            return typed_of(tuple(one.fields), value)
        case "list":
            return [typed_of(tuple(one.fields), item) for item in value]
        case "lines":
            return "\n".join(str(item) for item in value)
        case "pairs":
            return "\n".join(f"{key}: {number}" for key, number in value.items())
        case "choices" | "flag":
            return value
    return str(value)


def draft_of(event: Event, subject: str, *, sealed: bool = False, text: str | None = None) -> bytes:
    """The file of a form that somebody filled in with an event, as the page itself saves it."""
    content = msgspec.json.decode(msgspec.json.encode(event))
    said = {"form": type(event).__name__, "subject": subject, "sealed": sealed}
    filled = {"fields": typed_of(fields_of(type(event)), content), "text": {} if text is None else {"text": text}}
    return json.dumps({"format": "credit-ledger form 1", **said, **filled}, ensure_ascii=False).encode()


@dataclass
class Office:
    """Desks of one book, each in a browser context of its own; `at(speaker)` signs in where that was not done yet.
    It is `now` when the office opens; browsers know the time of each visit, as the service does."""

    browser: Browser
    book: Book
    folder: Path
    now: float
    desks: dict[str, Desk] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)
    opened: float = field(default_factory=time.monotonic)

    def officer(self, usual: Speaker) -> Speaker:
        """Another officer of a party that has a key, with a P-256 key of its own, enrolled by the party."""
        officer = f"{usual.officer}-desk"
        speaker = Speaker(usual.party, signer_for(f"{usual.party} {officer}", "p256"), officer, usual.roles)
        if f"{speaker.party} {officer}" not in self.desks:
            self.book.enrol(speaker, usual, officer=officer)
        return speaker

    def at(self, speaker: Speaker) -> Desk:
        name = f"{speaker.party} {speaker.officer}"
        if name not in self.desks:
            context = self.browser.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(SECONDS_MAX * 1000)
            context.add_init_script(LISTEN)
            self.tell_time(context)
            self.contexts.append(context)
            desk = Desk(context.new_page(), self.book.service.url)
            desk.watch()
            desk.signed_in_as(speaker, self._key_file(speaker))
            self.desks[name] = desk
        self.tell_time(self.desks[name].page.context)
        return self.desks[name]

    def tell_time(self, context: BrowserContext) -> None:
        context.clock.set_fixed_time(datetime.fromtimestamp(self.now + time.monotonic() - self.opened, UTC))

    def _key_file(self, speaker: Speaker) -> Path:
        """With few iterations, so that a dozen files are opened soon."""
        path = self.folder / f"{speaker.signer.kid.hex()}.pem"
        protected = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        form = serialization.PrivateFormat.PKCS8
        path.write_bytes(speaker.signer.private.private_bytes(serialization.Encoding.PEM, form, protected))
        return path

    def form(self, speaker: Speaker, type_: str, query: str = "") -> Page:
        desk = self.at(speaker)
        try:
            return desk.open(f"/desk/act/{type_}{query}")
        except TimeoutError:
            raise AssertionError(f"{type_}: {desk.complaints} {desk.page.inner_text('main')[:500]}") from None

    def say(self, event: Event, subject: str, by: Speaker, *, sealed: bool = False, text: str | None = None) -> int:
        """Register an event through its form, opened from the file of a draft; its leaf index."""
        page = self.form(by, type(event).__name__)
        fill_from(
            page, draft_of(event, subject, sealed=sealed or SPECS[type(event).__name__].form == "sealed", text=text)
        )
        return signed(page)


def fill_from(page: Page, draft: bytes) -> None:
    page.locator("#drafts summary").click()
    page.set_input_files("#draft-file", {"name": "draft.json", "mimeType": "application/json", "buffer": draft})


def propose(page: Page) -> None:
    """Reads what is to be signed."""
    page.locator("#act > button").click()
    try:  # a fault of the time before stands until the page has looked again: it says nothing of this time
        page.locator("#confirm:not([hidden])").wait_for()
    except TimeoutError:
        raise AssertionError(said_against(page)) from None


def signed(page: Page) -> int:
    """Reads what is to be signed, signs it, and waits for the receipt; the leaf index."""
    propose(page)
    page.click("#sign")
    page.locator("#done:not([hidden]), [aria-invalid], #problem:not(:empty)").first.wait_for()
    assert page.locator("#done").is_visible(), said_against(page)
    entry = page.locator("#done").get_attribute("data-entry")
    assert entry is not None, "it waits"
    assert "核验" in page.locator("#done-said").inner_text() and "未能" not in page.locator("#done-said").inner_text()
    return int(entry)


def said_against(page: Page) -> str:
    """Everything that the page complains about."""
    found = page.locator(".problem:not(:empty)")
    return " | ".join(f"{one.get_attribute('id')}: {one.inner_text()}" for one in found.all())


@contextmanager
def office(browser: Browser, book: Book, folder: Path, now: float) -> Iterator[Office]:
    """Closed at the end; then nothing may stand against any page."""
    made = Office(browser, book, folder, now)
    try:
        yield made
        for name, desk in made.desks.items():
            assert desk.page.evaluate("window.violations ?? []") == [], name
            assert desk.complaints == [], name
    finally:
        for context in made.contexts:
            context.close()
