"""Notices by mail, through a real mail server: following with double opt-in, parties, complaints; no address leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.e2e.book import Book, open_book, today
from tests.support.charter import HANDLING_BODY, ORGANIZER
from tests.support.complaint_files import CANARIES, COMPLAINANT, filled
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.receivers import MailReceiver
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE
from tests.support.waiting import eventually

NAME = "北京清泉净水设备有限公司"
PAGE = f"/e/{ENTERPRISE[5:]}"
_LINK = re.compile(r"http://\S+/follow/[0-9a-f]{64}")
READER = "canary.reader@reader.example"


@dataclass(frozen=True)
class World:
    """A service that mails, and its mail server."""

    book: Book
    database: TestDatabase
    mails: MailReceiver

    def follow(self, address: str, path: str = PAGE) -> httpx.Response:
        return self.form(f"{path}/follow", address=address)

    def form(self, path: str, **fields: str) -> httpx.Response:
        return self.book.http.post(path, data=fields, headers={"Origin": self.book.service.url})

    def mail(self, address: str, number: int) -> str:
        """The text of the `number`-th mail to somebody, once it is there."""
        eventually(lambda: len(self.mails.to(address)) > number, f"mail {number} to {address}")
        return self.mails.to(address)[number].get_content()

    def confirmed(self, address: str, number: int = 0) -> str:
        """Follow the link of the mail, and press its button; the link."""
        link = _LINK.search(self.mail(address, number))
        assert link is not None
        assert self.form(f"{link[0]}/confirm").status_code == 200
        return link[0]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.superuser) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def world(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("service")
    with (
        postgres_server.database() as database,
        MailReceiver() as mails,
        open_book(folder, *mails.options(), database=database.service) as book,
    ):
        book.campaign()
        book.enterprise(ENTERPRISE, name=NAME)
        book.enterprise(OTHER_ENTERPRISE, name="北京清泉饮料有限公司")
        read = f"/v1/enterprises?min_tree_size={book.size()}"
        eventually(lambda: book.http.get(read).status_code == 200, "the read models hold it")
        yield World(book, database, mails)


def test_an_enterprise_is_followed_after_a_confirmation_and_until_one_click(world: World) -> None:
    page = world.book.get(PAGE, headers={"Accept": "text/html"}).text
    assert f'action="{PAGE}/follow"' in page
    assert world.follow(READER).status_code == 200
    asked = world.mail(READER, 0)
    link = _LINK.search(asked)
    assert link is not None and NAME in asked and "List-Unsubscribe" not in world.mails.to(READER)[0]
    assert "确认" in world.book.get(link[0]).text
    assert world.rows("SELECT confirmed_at FROM desk.follows") == [(None,)], "a link that is looked at does nothing"
    assert world.book.http.post(f"{link[0]}/confirm", headers={"Origin": "https://evil.example"}).status_code == 403
    world.confirmed(READER)
    _, publication, code = world.book.pledge(ENTERPRISE, serial=1)
    world.book.enterprise("local:test/another")
    news = world.mail(READER, 1)
    assert NAME in news and f"#{publication}" in news and f"#{publication - 1}" in news and code not in news
    mail = world.mails.to(READER)[1]
    assert mail["List-Unsubscribe"] == f"<{link[0]}/end>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = httpx.post(f"{link[0]}/end", data={"List-Unsubscribe": "One-Click"})  # a mail program: no Origin
    assert one_click.status_code == 200 and "已取消" in one_click.text
    assert world.rows("SELECT * FROM desk.follows") == []
    assert world.book.http.get(link[0]).status_code == 410
    keys = world.book.service.data_dir / "notice-keys"
    assert [one.name for one in keys.iterdir()] == ["0" * 32 + ".key"], "the address is gone from backups, too"


def test_what_the_mail_server_took_is_written_down_before_anything_else_is_said_to_it(world: World) -> None:
    world.mails.leaving.close()
    assert world.follow("patient@reader.example").status_code == 200
    assert world.mails.leaving.held.wait(100), "it took the mail, and is told good-bye"
    assert world.rows("SELECT 1 FROM desk.outbox WHERE state <> 'sent'") == [], "a crash now would send nothing again"
    world.mails.leaving.open()
    assert len(world.mails.to("patient@reader.example")) == 1


def test_nobody_learns_whether_an_address_is_known_nor_is_it_mailed_twice(world: World) -> None:
    address = "known@reader.example"
    first = world.follow(address)
    world.confirmed(address)
    again, other = world.follow(address), world.follow("unknown@reader.example")
    assert first.text == again.text == other.text and first.status_code == again.status_code == other.status_code == 200
    for number in range(9):  # of one address: three that wait
        world.book.enterprise(f"local:many/{number}")
        assert world.follow("flooded@reader.example", f"/e/local~many~{number}").text.count("邮件")
    with psycopg.connect(world.database.superuser) as connection:
        connection.execute("UPDATE desk.follows SET client = id")
    world.follow("last@reader.example")
    world.mail("last@reader.example", 0)
    eventually(lambda: world.rows("SELECT 1 FROM desk.outbox WHERE state = 'waiting'") == [], "all are sent")
    assert len(world.mails.to(address)) == 1 and len(world.mails.to("flooded@reader.example")) == 3
    wrong = world.follow("no address <script>")
    assert wrong.status_code == 422 and "no address &lt;script&gt;" in wrong.text and "请填完整的电子邮箱" in wrong.text
    assert world.follow(address, "/e/local~none~1").status_code == 404, "nothing is in the book about it"
    assert "a whole e-mail address" in world.form(f"/en{PAGE}/follow", address="x").text


def test_a_party_is_mailed_about_its_pledges_and_gets_a_letter_without_an_address(world: World) -> None:
    book, owner = world.book, world.book.own_key(ENTERPRISE)
    with (
        DeskVisitor(book.service.url).sign_in(owner) as officer,
        DeskVisitor(book.service.url).sign_in(ORGANIZER) as clerk,
    ):

        def laid(scope: str) -> str:
            statement, _ = book.sign(book.made(scope=scope), ENTERPRISE, owner)
            answer = book.post(statement)
            assert answer.status_code == 303, answer.text
            return answer.headers["location"].rpartition("/")[2]

        def refused(scope: str) -> None:
            path = f"/desk/pending/{laid(scope)}/refusal"
            answer = clerk.submit(path, fields={"reason": "请补充具体条款"})
            assert answer.status_code == 303, answer.text

        refused("service")
        letters = clerk.http.get("/desk/outbox").text
        found = re.search(r"/desk/outbox/([0-9a-f]{32})/letter\.pdf", letters)
        assert found is not None and NAME in letters
        letter = clerk.http.get(found[0])
        assert letter.status_code == 200 and letter.content.startswith(b"%PDF-1.7")
        assert letter.content == clerk.http.get(found[0]).content, "the same bytes whenever it is printed"
        assert officer.http.get(found[0]).status_code == 403
        assert clerk.submit(f"/desk/outbox/{found[1]}/printed").status_code == 303
        assert found[1] not in clerk.http.get("/desk/outbox").text.split("letter.pdf")[0]
        assert officer.submit("/desk/notices", fields={"address": "quality@enterprise.example"}).status_code == 303
        world.confirmed("quality@enterprise.example")
        assert "q…@enterprise.example" in officer.http.get("/desk/notices").text
        refused("product")
        told = world.mail("quality@enterprise.example", 1)
        assert "承诺" in told and NAME in told and "/desk/enterprise" in told and "请补充具体条款" not in told
        published = book.published(bytes.fromhex(laid("product_and_service")), 9)
        entry = book.register(published, ENTERPRISE)
        assert f"第 {entry} 条记录" in world.mail("quality@enterprise.example", 2)


def test_a_complaint_is_told_of_without_its_words_and_its_deadlines_before_and_after(world: World) -> None:
    answer = world.form("/complain", **filled(body=HANDLING_BODY.party))
    assert answer.status_code == 201, answer.text
    number = re.search(r'id="number">([^<]+)<', answer.text)
    assert number is not None
    with DeskVisitor(world.book.service.url).sign_in(HANDLING_BODY) as officer:
        first = world.mail(COMPLAINANT.email, 0)
        assert number[1] in first and f"/complain/{number[1]}" in first
        assert officer.submit("/desk/notices", fields={"address": "desk@body.example"}).status_code == 303
        world.confirmed("desk@body.example")
        with psycopg.connect(world.database.superuser) as connection:
            connection.execute("UPDATE desk.complaint_files SET due_on = %s", (today() + timedelta(days=1),))
        assert "应于" in world.mail("desk@body.example", 1)
        assert "到期" in world.mails.to("desk@body.example")[1]["Subject"]
        with psycopg.connect(world.database.superuser) as connection:
            connection.execute("UPDATE desk.complaint_files SET due_on = %s", (today() - timedelta(days=1),))
        assert "已逾期" in world.mail("desk@body.example", 2)
        assert "投诉已登记" in officer.http.get("/desk/outbox").text
    with DeskVisitor(world.book.service.url).sign_in(ORGANIZER) as clerk:
        assert number[1] not in clerk.http.get("/desk/outbox").text, "of the body's files its own desk alone"
    said = "".join(one.as_string() + one.get_content() for one in world.mails.taken)
    assert not any(canary in said for canary in CANARIES if canary != COMPLAINANT.email)


def test_what_the_server_refuses_is_dead_seen_at_the_desk_and_sent_when_somebody_says_so(world: World) -> None:
    address = "refused@reader.example"
    world.mails.refusal = f"550 no such user {address}"
    world.follow(address)
    dead = "SELECT encode(id, 'hex'), problem FROM desk.outbox WHERE state = 'dead'"
    ((name, problem),) = eventually(lambda: world.rows(dead), "it is dead at once")
    assert problem == "550"
    world.mails.refusal = None
    with DeskVisitor(world.book.service.url).sign_in(ORGANIZER) as clerk:
        page = clerk.http.get("/desk/outbox").text
        assert "未能发出" in page and "550" in page and address not in page
        assert clerk.submit(f"/desk/outbox/{name}/retry").status_code == 303
        world.mail(address, 0)
    world.mails.refusal = "451 try later"
    world.follow("later@reader.example")
    trying = "SELECT attempts FROM desk.outbox WHERE state = 'waiting' AND problem = '451'"
    eventually(lambda: world.rows(trying), "it is tried again later")
    world.mails.refusal = None
    with psycopg.connect(world.database.superuser) as connection:
        connection.execute("UPDATE desk.outbox SET due_at = 0")
    world.mail("later@reader.example", 0)


def test_nobodys_address_is_anywhere_but_in_the_mails(world: World) -> None:
    """Log lines, metrics, feed, pages, and every table of the database."""
    book = world.book
    addresses = {str(one["To"]) for one in world.mails.taken} - {COMPLAINANT.email} | {COMPLAINANT.email}
    assert len(addresses) > 5 and READER in addresses
    texts = [book.service.said, *(book.get(path).text for path in ("/metrics", "/v1/events", PAGE, "/readyz"))]
    with psycopg.connect(world.database.superuser) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{schema}"."{table}" t').fetchall():
                texts.append(row)
                texts.append(bytes.fromhex("".join(re.findall(r"\\x([0-9a-f]+)", row))).decode("latin-1"))
    dump = "\n".join(texts)
    assert ORGANIZER.party in dump, "the scan sees what there is"
    assert [one for one in addresses if one in dump] == []
