"""The list of what waits, over plain HTTP: filter and order in the address; exports and refusals take its rows."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.e2e.book import Book
from tests.support.charter import ORGANIZER
from tests.support.database import TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.statements import CAMPAIGN, ENTERPRISE, OTHER_ENTERPRISE

SECONDS_MAX = 1.0  # of an answer under whatever load tests run; on a quiet machine it takes a fifth of that


@pytest.fixture(scope="module")
def clerk(book: Book) -> Iterator[DeskVisitor]:
    """Before five pledges of two enterprises that wait."""
    book.campaign()
    for subject, scopes in ((ENTERPRISE, ("product", "service")), (OTHER_ENTERPRISE, ("service", "comprehensive"))):
        book.enterprise(subject, name={ENTERPRISE: "甲企业有限公司", OTHER_ENTERPRISE: "乙企业有限公司"}[subject])
        owner = book.own_key(subject)
        for scope in scopes:
            statement, _ = book.sign(book.made(scope=scope), subject, owner)
            assert book.post(statement).status_code == 303
    book.get(f"/v1/enterprises?min_tree_size={book.size()}")  # they are found by their names from here on
    with DeskVisitor(book.service.url) as visitor:
        yield visitor.sign_in(ORGANIZER)


def shown(clerk: DeskVisitor, query: str = "") -> list[str]:
    """The ids on the page, which are those of its export and of what the browser would publish."""
    page = clerk.http.get(f"/desk/pending?{query}")
    assert page.status_code == 200, page.text
    ids = re.findall(r'<tr data-id="([0-9a-f]{64})"', page.text)
    waiting = re.findall(r'<tr data-id="([0-9a-f]{64})" data-waits', page.text)
    table = clerk.http.get(f"/desk/pending.csv?{query}").content.decode("utf-8-sig")
    assert [one["id"] for one in csv.DictReader(io.StringIO(table))] == ids
    assert [one["id"] for one in clerk.http.get(f"/desk/pending/fields?{query}").json()["rows"]] == waiting
    return ids


def test_filter_order_and_place_stand_in_the_address_and_hold_for_the_export(clerk: DeskVisitor) -> None:
    everything = shown(clerk)
    assert len(everything) == 4
    assert len(shown(clerk, "scope=service")) == 2
    own = shown(clerk, f"q={ENTERPRISE[8:14].lower()}")
    assert own == [one for one in everything if one in own] == shown(clerk, "q=甲企业") and len(own) == 2
    others = shown(clerk, "q=乙企业")
    assert sorted(own + others) == sorted(everything)
    assert shown(clerk, "sort=enterprise") in (own + others, others + own)
    assert {*shown(clerk, "scope=product"), *shown(clerk, "scope=service&q=甲企业")} == {*own}
    assert len(shown(clerk, "sort=-received")) == 4
    assert shown(clerk, "state=refused") == shown(clerk, "campaign=2025") == shown(clerk, "q=丙企业") == []
    assert shown(clerk, "from=3") == everything[3:]
    for query in (
        "state=lost",
        "sort=name",
        "scope=x",
        "rows=7",
        "from=x",
        "campaign=A B",
        "q=" + "长" * 61,
        "colour=red",
    ):
        assert clerk.http.get(f"/desk/pending?{query}").status_code == 422, query


def test_codes_are_proposed_once_each_for_division_and_day(clerk: DeskVisitor, book: Book) -> None:
    rows = clerk.http.get("/desk/pending/fields").json()["rows"]
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == len(codes) == 4
    for row in rows:
        division = ENTERPRISE[7:13] if row["name"] == "甲企业有限公司" else OTHER_ENTERPRISE[7:13]
        assert row["code"].startswith(division)


def test_a_refusal_takes_exactly_the_rows_that_were_shown(clerk: DeskVisitor, book: Book) -> None:
    query = "scope=service"
    page = clerk.http.get(f"/desk/pending/refusal?{query}").text
    digest = re.search(r'name="rows" value="([0-9a-f]{64})"', page)
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert digest and token and page.count("<tr><td>") == 2
    said = {"Origin": clerk.web_origin, "Sec-Fetch-Site": "same-origin"}

    def refuse(**fields: str) -> int:
        sent = {"form_token": token[1], "rows": digest[1], "reason": "条款不全", **fields}
        return clerk.http.post(f"/desk/pending/refusal?{query}", data=sent, headers=said).status_code

    before = shown(clerk, "state=waiting")
    assert refuse(rows="0" * 64) == 422, "another list than the one that was shown"
    assert refuse(reason="") == 422
    assert refuse(reason="请致电 13900000037") == 422, "personal data goes into no reason"
    assert refuse(form_token="another's") == 403
    assert shown(clerk, "state=waiting") == before
    assert refuse() == 303
    assert len(shown(clerk, "state=refused")) == 2
    assert shown(clerk, "state=waiting") == [one for one in before if one not in shown(clerk, query)]
    one = shown(clerk, "state=waiting")[0]
    for prefix in ("", "/en"):
        wrong = clerk.submit(f"{prefix}/desk/pending/{one}/refusal", fields={"reason": "请致电 13900000037"})
        assert wrong.status_code == 422 and 'aria-invalid="true"' in wrong.text
        assert 'value="请致电 13900000037"' in wrong.text, "nothing typed is lost"
    changed = clerk.submit("/desk/pending/refusal?state=waiting", fields={"rows": "0" * 64, "reason": "条款不全"})
    assert "列表已变化" in changed.text and 'value="条款不全"' in changed.text
    fields = {"form_token": token[1], "reason": "材料不齐"}
    assert clerk.http.post(f"/desk/pending/{one}/refusal", data=fields, headers=said).status_code == 303
    assert "材料不齐" in clerk.http.get(f"/desk/pending/{one}").text


def test_ten_thousand_rows_are_listed_at_once(clerk: DeskVisitor, book: Book, books_database: TestDatabase) -> None:
    rows = clerk.http.get("/desk/pending/fields").json()["rows"]
    assert rows
    with psycopg.connect(books_database.service) as connection:
        connection.execute(
            "INSERT INTO desk.pending (statement_id, statement, subject, campaign, received_at, scope, issued_at) "
            "SELECT sha256(n::text::bytea), statement, 'local:test/' || n, %s, received_at + n, 'product', issued_at "
            "FROM desk.pending, generate_series(1, 10000) n WHERE statement_id = %s",
            (CAMPAIGN, bytes.fromhex(rows[0]["id"])),
        )
    for query in ("", "scope=product&sort=-received", "sort=enterprise&from=9000", "q=9999"):
        began = time.perf_counter()
        page = clerk.http.get(f"/desk/pending?{query}")
        took = time.perf_counter() - began
        assert page.status_code == 200 and took < SECONDS_MAX, (query, took)
    assert '<span class="num">10,0' in clerk.http.get("/desk/pending").text
