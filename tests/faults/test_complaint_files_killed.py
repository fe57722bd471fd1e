"""`kill -9` of the service between any two steps of a complaint file: a step is in it whole, once, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
import pytest

from tests.e2e.book import Book, chartered
from tests.support.charter import HANDLING_BODY
from tests.support.complaint_files import filled
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.statements import ENTERPRISE
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

_NUMBER = re.compile(r'id="number">([^<]+)<')
_VERSION = re.compile(r'name="version" value="([0-9]+)"')
_WAITS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ledger_service' "
    "AND wait_event_type = 'Lock' AND query LIKE '%complaint_files%'"
)


class Handled(NamedTuple):
    """A service, and the officer who has the files."""

    book: Book
    database: TestDatabase
    officer: DeskVisitor

    def complain(self) -> httpx.Response:
        form = filled(body=HANDLING_BODY.party)
        return self.book.http.post("/complain", data=form, headers={"Origin": self.book.service.url})

    def form(self, number: str, **fields: str) -> dict[str, str]:
        """As the page has it now: on the version that it shows."""
        found = _VERSION.search(self.page(number))
        assert found is not None
        return {"form_token": self.officer.form_token(), "version": found[1], **fields}

    def act(self, number: str, act: str, form: dict[str, str]) -> httpx.Response:
        address = f"/desk/complaints/{number}/{act}"
        return self.officer.http.post(address, data=form, headers={"Origin": self.officer.web_origin})

    def page(self, number: str) -> str:
        answer = self.officer.http.get(f"/desk/complaints/{number}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def numbers(self) -> set[str]:
        return set(re.findall(r"/desk/complaints/([0-9A-Z-]{9,})\"", self.officer.http.get("/desk/complaints").text))


@pytest.fixture(scope="module")
def handled(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handled]:
    folder: Path = tmp_path_factory.mktemp("service")
    with (
        postgres_server.database() as database,
        chartered(folder, database=database.service) as service,
        Book(service) as book,
    ):
        book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
        with DeskVisitor(service.url).sign_in(HANDLING_BODY) as officer:
            yield Handled(book, database, officer)


def killed_in(handled: Handled, send: Callable[[], httpx.Response]) -> None:
    """Ends the service, and the backend as of one whose client is gone, while the file is about to be written."""
    with ThreadPoolExecutor(1) as other, _locked(handled):
        answer = other.submit(send)
        with psycopg.connect(handled.database.superuser, autocommit=True) as connection:
            eventually(lambda: connection.execute(f"SELECT 1 {_WAITS}").fetchone(), "the writing waits for the lock")
            handled.book.service.kill()
            connection.execute(f"SELECT pg_terminate_backend(pid) {_WAITS}")
            eventually(lambda: not connection.execute(f"SELECT 1 {_WAITS}").fetchone(), "the backend ends")
        with pytest.raises(httpx.TransportError):
            answer.result()
    handled.book.service.start()


@contextmanager
def _locked(handled: Handled) -> Iterator[None]:
    with psycopg.connect(handled.database.superuser) as connection:
        connection.execute("LOCK TABLE desk.complaint_files IN SHARE MODE")
        yield
        connection.rollback()


def test_a_complaint_that_was_not_answered_is_sent_again_and_is_one_file(handled: Handled) -> None:
    before = handled.numbers()
    killed_in(handled, handled.complain)
    assert handled.numbers() == before, "nobody has a number, and nothing lies about"
    assert handled.complain().status_code == 201
    assert len(handled.numbers()) == len(before) + 1


def test_a_step_is_in_the_file_once_whenever_the_service_is_killed(handled: Handled) -> None:
    found = _NUMBER.search(handled.complain().text)
    assert found is not None
    number = found[1]
    for act, fields in (("take", {}), ("accept", {"product_class": "净水设备", "issue": "quality"})):
        form = handled.form(number, **fields)
        killed_in(handled, partial(handled.act, number, act, form))
        assert handled.form(number)["version"] == form["version"], f"{act}: not half"
        assert handled.act(number, act, form).status_code == 303, "sent again, it is taken"
    after = handled.form(number)["version"]
    handled.book.service.kill()
    handled.book.service.start()
    assert handled.form(number)["version"] == after, "what was answered stays"
    assert handled.act(number, act, form).status_code == 409, "whose answer was lost is told that it is there"
    assert handled.form(number)["version"] == after == str(int(form["version"]) + 1), "once"
