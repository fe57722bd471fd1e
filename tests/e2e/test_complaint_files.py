"""Complaint files over real HTTP: two officers, notes and parties, what a secret shows, and what must be nowhere."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from ledger.domain.values.dates import shanghai_date
from tests.e2e.book import Book, open_book
from tests.support.charter import HANDLING_BODY, HANDLING_BODY_2, HANDLING_COLLEAGUE, ORGANIZER, REGULATOR
from tests.support.complaint_files import CANARIES, filled
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

NAME = "北京清泉净水设备有限公司"
_NUMBER = re.compile(r'id="number">([^<]+)<')
_SECRET = re.compile(r'id="secret">([^<]+)<')
_VERSION = re.compile(r'name="version" value="([0-9]+)"')


@dataclass(frozen=True)
class Office:
    """A service with two officers of one handling body, one of another body, and an organizer's clerk."""

    book: Book
    database: TestDatabase
    first: DeskVisitor
    second: DeskVisitor
    elsewhere: DeskVisitor
    organizer: DeskVisitor

    def complain(self, **given: str) -> tuple[str, str]:
        answer = self.send("/complain", filled(body=HANDLING_BODY.party, **given))
        assert answer.status_code == 201, answer.text
        return _found(_NUMBER, answer.text), _found(_SECRET, answer.text)

    def send(self, path: str, form: dict[str, str]) -> httpx.Response:
        """A form of a public page, as a browser sends it."""
        return self.book.http.post(path, data=form, headers={"Origin": self.book.service.url})

    def act(self, visitor: DeskVisitor, number: str, act: str, **fields: str) -> httpx.Response:
        """On the version that the page shows now, unless another is given."""
        page = visitor.http.get(f"/desk/complaints/{number}").text
        version = fields.pop("version", None) or _found(_VERSION, page)
        form = {"form_token": visitor.form_token(), "version": version, **fields}
        return visitor.http.post(f"/desk/complaints/{number}/{act}", data=form, headers={"Origin": visitor.web_origin})

    def done(self, visitor: DeskVisitor, number: str, act: str, **fields: str) -> None:
        answer = self.act(visitor, number, act, **fields)
        assert answer.status_code == 303, answer.text


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None, text[:2_000]
    return match[1]


@pytest.fixture(scope="module")
def office(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("service")
    with postgres_server.database() as database, open_book(folder, database=database.service) as book:
        book.enterprise(ENTERPRISE, name=NAME)
        book.enterprise(OTHER_ENTERPRISE, name="北京清泉饮料有限公司")
        visitors = [
            DeskVisitor(book.service.url).sign_in(one)
            for one in (HANDLING_BODY, HANDLING_BODY_2, HANDLING_COLLEAGUE, ORGANIZER)
        ]
        yield Office(book, database, *visitors)
        for one in visitors:
            one.http.close()


def test_a_complaint_of_a_consumer_is_a_file_that_its_secret_follows_without_the_notes(office: Office) -> None:
    number, secret = office.complain()
    office.done(office.first, number, "take")
    office.done(office.first, number, "note", text=CANARIES[4])
    office.done(office.first, number, "tell", text="已联系企业，请稍候")
    for spelling in (secret, secret.lower().replace("-", " ")):
        page = office.send(f"/complain/{number}", {"secret": spelling})
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        assert "已登记" in page.text and "请稍候" in page.text and CANARIES[4] not in page.text
        assert HANDLING_BODY.officer not in page.text, "colleagues' pseudonyms are none of the party's"
    english = office.send(f"/en/complain/{number}", {"secret": secret}).text
    assert "registered" in english and '<html lang="en"' in english
    wrong = office.send(f"/complain/{number}", {"secret": secret[:-1] + ("0" if secret[-1] != "0" else "1")})
    nothing = office.send("/complain/2026-0000-0000", {"secret": secret})
    assert (wrong.status_code, nothing.status_code) == (403, 403)
    assert wrong.text.replace(number, "N") == nothing.text.replace("2026-0000-0000", "N")
    assert office.book.http.post(f"/complain/{number}", data={"secret": secret}).status_code == 403, "of another site"


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost_in_both_languages(office: Office) -> None:
    form = filled(body=HANDLING_BODY.party, telephone="call me", email="", text="他的电话是 13900001111", product="")
    for path, words in (
        ("/complain", ("请填写", "电话号码由数字组成", "请不要在这里写电话号码")),
        ("/en/complain", ("to be filled in", "digits, such as", "no telephone number here")),
    ):
        page = office.send(path, form)
        assert page.status_code == 422
        assert all(word in page.text for word in words), page.text
        assert 'value="call me"' in page.text and "他的电话是 13900001111" in page.text and form["name"] in page.text
        assert page.text.count('aria-invalid="true"') == 3
    typed = "<script>alert(1)</script>{{ 7 * 7 }}\"'&"
    page = office.send("/complain", filled(body="", enterprise=typed))
    assert page.status_code == 422 and "<script>alert" not in page.text and "{{ 7 * 7 }}" in page.text


def test_an_enterprise_is_found_by_name_or_code_or_chosen_among_those_that_are_meant(office: Office) -> None:
    asked = office.send("/complain", filled(body=HANDLING_BODY.party, enterprise="北京清泉"))
    assert asked.status_code == 422 and asked.text.count('type="radio"') == 3
    number, _ = office.complain(enterprise="北京清泉", chosen="-")
    office.done(office.first, number, "take")
    office.done(office.first, number, "accept", product_class="净水设备", issue="quality")
    page = office.first.http.get(f"/desk/complaints/{number}").text
    assert 'id="forward"' not in page, "nobody is asked before it is known who"
    office.done(office.first, number, "identify", enterprise=ENTERPRISE[5:])
    assert 'id="forward"' in office.first.http.get(f"/desk/complaints/{number}").text
    linked = office.book.get(f"/complain?enterprise={ENTERPRISE[5:]}").text
    assert NAME in linked and f'value="{ENTERPRISE[5:]}"' in linked


def test_of_two_officers_the_second_is_told_and_nothing_is_lost(office: Office) -> None:
    number, _ = office.complain()
    office.done(office.first, number, "take")
    page = office.first.http.get(f"/desk/complaints/{number}").text
    seen = _found(_VERSION, page)
    office.done(office.second, number, "note", text="同事的备注")
    late = office.act(office.first, number, "accept", version=seen, product_class="净水设备 甲", issue="service")
    assert late.status_code == 409
    assert "同事改动" in late.text and "同事的备注" in late.text and 'value="净水设备 甲"' in late.text
    refused = office.act(office.second, number, "accept", product_class="净水设备", issue="quality")
    assert refused.status_code == 422 and "先接手" in refused.text
    office.done(office.first, number, "accept", product_class="净水设备 甲", issue="service")


def test_files_are_for_officers_of_the_body_that_handles_them_and_every_look_is_logged(office: Office) -> None:
    number, _ = office.complain()
    path = f"/desk/complaints/{number}"
    assert office.first.http.get(path).status_code == 200
    theirs = office.elsewhere.http.get(path)
    absent = office.elsewhere.http.get("/desk/complaints/2026-0000-0000")
    assert (theirs.status_code, theirs.text.replace(number, "N")) == (404, absent.text.replace("2026-0000-0000", "N"))
    assert number not in office.elsewhere.http.get("/desk/complaints?stage=all").text
    for address in ("/desk/complaints", "/desk/complaints.csv", "/desk/complaints/new", path):
        assert office.organizer.http.get(address).status_code == 403, address
    assert office.act(office.elsewhere, number, "take", version="1").status_code == 404
    logged = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    rows = office.book.get(logged, headers=authorization(token(REGULATOR, logged))).json()["accesses"]
    seen = {(row["party"], row["outcome"], row["resource"], row["subject"]) for row in rows}
    assert (HANDLING_BODY.party, "served", path, ENTERPRISE) in seen
    assert (HANDLING_COLLEAGUE.party, "refused", path, None) in seen
    assert (ORGANIZER.party, "refused", "/desk/complaints", None) in seen


def test_a_list_has_its_state_in_its_address_and_exports_exactly_what_it_shows(office: Office) -> None:
    number, _ = office.complain(product="=cmd 台灯")
    other, _ = office.complain(product="电风扇")
    office.done(office.second, number, "take")
    address = f"/desk/complaints?holder=mine&stage=registered&enterprise={ENTERPRISE[5:]}&sort=-received"
    page = office.second.http.get(address).text
    assert number in page and other not in page
    table = office.second.http.get(address.replace("complaints?", "complaints.csv?"))
    lines = table.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and number in lines[1] and "'=cmd 台灯" in lines[1]
    assert set(re.findall("20[0-9]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}", page)) == {number}
    for query in ("stage=half", "holder=x", "due=never", "sort=name", "cursor=x", "enterprise=x", "telephone=1"):
        answer = office.first.http.get(f"/desk/complaints?{query}")
        assert answer.status_code == 422, query


def test_likely_duplicates_stand_side_by_side(office: Office) -> None:
    first, _ = office.complain(product="即热式电水壶")
    second, _ = office.complain(product="电水壶（即热式）", name="另一位投诉人")
    page = office.first.http.get(f"/desk/complaints/{first}").text
    beside = page[page.index('id="near"') : page.index('id="next"')]
    row = beside[beside.index(second) : beside.index("</tr>", beside.index(second))]
    assert "同一产品" in row and "另一位投诉人" in row
    third, _ = office.complain(enterprise="北京清泉饮料有限公司", product="即热式电水壶")
    assert third not in beside, "about another enterprise"


def test_nothing_personal_of_a_complaint_is_anywhere_but_on_the_pages_of_its_handlers(office: Office) -> None:
    number, secret = office.complain(product="扫描用净水器")
    office.done(office.first, number, "take")
    office.done(office.first, number, "note", text=CANARIES[4])
    page = office.first.http.get(f"/desk/complaints/{number}").text
    assert all(canary in page for canary in CANARIES[:5]), "it is there for those who handle it"
    book, size = office.book, office.book.size()
    public = [
        book.get(path).text
        for path in (
            "/v1/events?limit=1000", f"/v1/enterprises/{ENTERPRISE}/events", f"/e/{ENTERPRISE[5:]}", "/metrics",
            f"/e/{ENTERPRISE[5:]}.atom", "/sitemap.xml", "/robots.txt", "/figures", "/v1/standings.ndjson",
            "/v1/outcomes.ndjson",
        )
    ]  # fmt: skip
    public += [book.http.get("/v1/enterprises", params={"q": canary}).text for canary in CANARIES[:4]]
    public.append(office.first.http.get("/desk/complaints.csv?stage=all").text)
    public.append(book.service.said)
    public += [book.http.get(f"/entries/{index}", headers={"Accept": "application/json"}).text for index in range(size)]
    logged = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    public.append(book.get(logged, headers=authorization(token(REGULATOR, logged))).text)
    for text in public:
        assert not any(canary in text for canary in CANARIES), text[:500]
        assert secret not in text and secret.replace("-", "") not in text
    with psycopg.connect(office.database.superuser) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT LIKE 'pg_%' "
            "AND schemaname <> 'information_schema'"
        ).fetchall()
        assert ("desk.complaint_files",) in tables
        needles = [one for canary in (*CANARIES, secret, secret.replace("-", "")) for one in _stored_as(canary)]
        for (table,) in tables:
            for (row,) in connection.execute(f"SELECT t::text FROM {table} t").fetchall():  # type: ignore[arg-type]
                assert not any(needle in row for needle in needles), table


def _stored_as(text: str) -> list[str]:
    """As text, as bytea in text form, and as JSON escapes."""
    return [text, text.encode().hex(), ascii(text)[1:-1].lower()]
