"""A demonstration signs people in by one click; nothing else that serves a log does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext

from api.demo.sample_records import ENTERPRISES_MIN
from tests.browser.desk import Desk, watched_desk
from tests.e2e.book import Book
from tests.support.database import PostgresServer
from tests.support.running import RunningService
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def demo(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder: Path = tmp_path_factory.mktemp("demo")
    with postgres_server.database() as database:
        environment = {"LEDGER_DATABASE_URL": database.service}
        with (
            RunningService(folder, "--demo", str(ENTERPRISES_MIN), environment=environment) as service,
            Book(service) as book,
        ):
            filled = folder / "keys" / f"filled-{ENTERPRISES_MIN}"
            eventually(filled.exists, f"the sample is there; the service says in {service.log}")
            yield book


@pytest.fixture
def desk(context: BrowserContext, demo: Book) -> Iterator[Desk]:
    yield from watched_desk(context, demo)


def test_one_click_signs_in_as_an_enterprise_and_as_staff_where_their_work_is(desk: Desk, demo: Book) -> None:
    page = desk.go("/")
    page.get_by_role("link", name="点一下即登录").click()
    page.wait_for_selector("html[data-ready=yes]")
    desk.faultless(375, "the demonstration's sign-in")
    page.locator("section", has=page.get_by_role("heading", name="企业")).locator("button").first.click()
    page.wait_for_url("**/desk/enterprise")
    assert page.locator("#level").is_visible() and "演示" in page.locator(".demo").inner_text()
    desk.faultless(1280, "an enterprise with a history")
    desk.open("/en/desk/demo")
    page.click("button[data-name=registrar]")
    page.wait_for_url("**/en/desk/registrar")
    assert "party:registrar" not in page.locator("h1").inner_text()
    desk.open("/desk/demo")
    page.click("button[data-name=organizer-2]")
    page.wait_for_url(re.compile("/desk$"))
    assert "organizer-2" in page.locator(".who").inner_text()


def test_a_demonstrations_keys_are_for_its_own_pages_alone(demo: Book) -> None:
    keys = "/desk/demo/keys/organizer"
    assert demo.http.post(keys).status_code == 403, "no page of this site"
    for elsewhere in ("https://elsewhere.example", "http://elsewhere.example:8315"):
        assert demo.http.post(keys, headers={"Origin": elsewhere}).status_code == 403, "a name made to point here"
    own = {"Origin": demo.service.url}
    for proxied in ({"X-Forwarded-For": "203.0.113.9"}, {"Host": "ledger.example"}, {"Forwarded": "for=203.0.113.9"}):
        assert demo.http.post(keys, headers=own | proxied).status_code in (403, 404), "a proxy on this machine"
        assert demo.http.get("/desk/demo", headers=proxied).status_code == 404
    for name in ("root", "checkpoint", "receipt", "..%2Fkeys%2Forganizer", "91110000600037341L"):
        answer: httpx.Response = demo.http.post(f"/desk/demo/keys/{name}", headers=own)
        assert answer.status_code in (404, 422) and "pkcs8" not in answer.text, name
