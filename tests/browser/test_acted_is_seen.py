"""Who has acted sees it on the next page, also where read models are late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.act_forms import Office, draft_of, fill_from, office, propose
from tests.e2e.book import open_book, today
from tests.support.charter import Speaker
from tests.support.database import PostgresServer
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE

LATE_SECONDS = 1.0


class Acting(NamedTuple):
    """An enterprise at its desk."""

    desks: Office
    owner: Speaker
    superuser: str

    @contextmanager
    def late(self) -> Iterator[None]:
        """Read models stay where they are, as on a machine that is too busy for them."""
        with psycopg.connect(self.superuser) as connection:
            connection.execute("LOCK TABLE projections.tracking IN EXCLUSIVE MODE")
            yield


@pytest.fixture(scope="module")
def acting(
    browser: Browser, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Acting]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path_factory.mktemp("service"), database=database.service) as book,
        office(browser, book, tmp_path_factory.mktemp("keys"), time.time()) as desks,
    ):
        book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
        yield Acting(desks, desks.officer(book.own_key(ENTERPRISE)), database.superuser)


def proposed(acting: Acting, number: str) -> Page:
    """A standard, filled in and read; all that was registered before is to be seen by then."""
    page = acting.desks.form(acting.owner, "StandardDeclared", "?back=/desk/enterprise")
    fill_from(page, draft_of(declared(number=number, effective_on=today()), ENTERPRISE))
    propose(page)
    return page


def test_it_is_done_when_the_next_page_shows_it(acting: Acting) -> None:
    page = proposed(acting, "Q/QQ 1-2026")
    with acting.late():
        page.click("#sign")
        expect(page.locator("#status")).to_contain_text("正在更新各页")
        time.sleep(LATE_SECONDS)
        expect(page.locator("#done"), "registered, and not to be seen yet").to_be_hidden()
    page.locator("#done:not([hidden])").wait_for()
    assert "还在更新" not in page.locator("#done-said").inner_text()
    assert page.locator("#status").inner_text() == ""
    page.click("#back")
    expect(page.locator("main")).to_contain_text("Q/QQ 1-2026")


def test_pages_that_stay_behind_are_said_to_be_and_the_receipt_is_there_all_the_same(acting: Acting) -> None:
    page = proposed(acting, "Q/QQ 2-2026")
    with acting.late():
        page.click("#sign")
        page.locator("#done:not([hidden])").wait_for()
        expect(page.locator("#done-said")).to_contain_text("各页还在更新")
        expect(page.locator("#done-files a")).to_have_count(1)
