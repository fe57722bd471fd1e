"""The outbox, a party's own notices and following by mail, as people see them: in both languages, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.desk import Desk, watched_desk
from tests.e2e.book import Book, open_book
from tests.support.charter import ORGANIZER
from tests.support.database import PostgresServer
from tests.support.desks import DeskVisitor
from tests.support.receivers import MailReceiver, WebhookReceiver
from tests.support.statements import ENTERPRISE
from tests.support.waiting import eventually

NAME = "北京清泉净水设备有限公司"
LINK = re.compile(r"http://\S+(/follow/[0-9a-f]{64})")
WIDTHS = (1280, 375)


@pytest.fixture(scope="module")
def mails() -> Iterator[MailReceiver]:
    with MailReceiver() as mails:
        yield mails


@pytest.fixture(scope="module")
def desk_book(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, mails: MailReceiver
) -> Iterator[Book]:
    """A letter, a mail that was refused, and a webhook that does not answer."""
    folder: Path = tmp_path_factory.mktemp("service")
    options = "--webhooks-to", "127.0.0.1", *mails.options()
    with (
        postgres_server.database() as database,
        WebhookReceiver() as hook,
        open_book(folder, *options, database=database.service) as book,
        DeskVisitor(book.service.url).sign_in(ORGANIZER) as clerk,
    ):
        book.campaign()
        book.enterprise(ENTERPRISE, name=NAME)
        owner = book.own_key(ENTERPRISE)
        statement, _ = book.sign(book.made(scope="service"), ENTERPRISE, owner)
        waiting = book.post(statement).headers["location"].rpartition("/")[2]
        refused = clerk.submit(f"/desk/pending/{waiting}/refusal", fields={"reason": "请补充具体条款"})
        assert refused.status_code == 303, refused.text
        hook.answer = lambda _: (410, {})
        assert book.http.post("/v1/webhooks", json={"url": hook.url, "after": -1}).status_code == 201
        mails.refusal = "550 no such user"
        assert clerk.submit("/desk/notices", fields={"address": "clerk@organizer.example"}).status_code == 303
        eventually(lambda: "550" in clerk.http.get("/desk/outbox").text, "the mail was refused")
        eventually(lambda: "410" in clerk.http.get("/desk/outbox").text, "the webhook was stopped")
        mails.refusal = None
        yield book


@pytest.fixture
def desk(context: BrowserContext, desk_book: Book) -> Iterator[Desk]:
    yield from watched_desk(context, desk_book)


def test_the_outbox_is_read_and_worked_through(desk: Desk, desk_book: Book, context: BrowserContext) -> None:
    with DeskVisitor(desk_book.service.url).sign_in(ORGANIZER) as clerk:
        ((name, value),) = clerk.http.cookies.items()
        context.add_cookies([{"name": name, "value": value, "url": desk_book.service.url}])
        for prefix in ("", "/en"):
            for width in WIDTHS:
                for path in ("/desk/outbox", "/desk/notices", "/desk/notices?asked=1"):
                    desk.go(prefix + path)
                    desk.faultless(width, prefix + path)
        page = desk.go("/desk/outbox")
        expect(page.locator("#notices + table tbody tr")).to_have_count(2)
        expect(page.locator("#webhooks + table tbody tr")).to_have_count(1)
        page.click("text=重试 >> nth=0")
        expect(page.locator(".tag.alert")).to_have_count(1)
        page.click("text=已寄出")
        expect(page.locator(".tag:has-text('待打印')")).to_have_count(0)


def test_an_enterprise_is_followed_without_scripts(desk: Desk, mails: MailReceiver) -> None:
    for prefix, asked, button, followed in (
        ("", "请查收邮件", "确认", "正在关注"),
        ("/en", "Look into your mail", "Confirm", "You follow"),
    ):
        address = f"reader{prefix.strip('/')}@reader.example"
        page = desk.go(f"{prefix}/e/{ENTERPRISE[5:]}")
        for width in WIDTHS:
            desk.faultless(width, "the enterprise's page")
        page.fill("#address", address)
        page.click("form[action$='/follow'] button")
        expect(page.locator("[role=status]")).to_contain_text(asked)
        desk.faultless(375, "asked")
        eventually(lambda to=address: mails.to(to), "the mail")
        link = LINK.search(mails.to(address)[0].get_content())
        assert link is not None
        desk.go(prefix + link[1])
        desk.faultless(375, "unconfirmed")
        page.click(f"main button:has-text('{button}')")
        expect(page.locator("[role=status]")).to_contain_text(followed)
        desk.faultless(375, "confirmed")
        page.click("main button")
        desk.faultless(375, "ended")
        expect(page.locator("main form")).to_have_count(0)
