"""`/search?q=` and `/`: found as people type it, with why; and where each kind of visitor goes."""

from __future__ import annotations

import re

import pytest

from tests.e2e.book import Book
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    book.campaign(name_zh="春<i>季</i>活动")
    book.enterprise(ENTERPRISE, name="示例重庆红川食品有限公司")
    book.enterprise(OTHER_ENTERPRISE, name="示例<b>北京</b>电器有限公司")
    _, published, _ = book.pledge(ENTERPRISE, serial=1)
    book.get(f"/v1/enterprises?min_tree_size={published + 1}")
    return book


@pytest.mark.parametrize(
    ("q", "why"),
    [
        ("红川", "名称含有所输入的词"),
        ("hongchuan", "拼音相符"),
        ("重慶紅川", "繁简转换后相符"),
        (CODE, "统一社会信用代码一致"),
    ],
)
def test_an_enterprise_is_found_as_people_type_it_and_the_page_says_why(told: Book, q: str, why: str) -> None:
    text = told.get("/search", params={"q": q}).text
    assert f'<a href="/e/{CODE}">示例重庆红川食品有限公司</a>' in text
    assert why in text


def test_what_was_typed_stands_in_the_page_as_text(told: Book) -> None:
    text = told.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "没有找到" in text
    assert "<b>北京" not in told.get("/search", params={"q": "北京"}).text


def test_a_search_for_nothing_leads_to_the_first_page_and_a_search_is_not_indexed(told: Book) -> None:
    assert told.http.get("/en/search?q=").headers["location"] == "/en"
    assert '<meta name="robots" content="noindex">' in told.get("/en/search?q=hongchuan").text


def test_a_resident_identity_number_is_refused_and_not_repeated(told: Book) -> None:
    number = "11010519491231002X"
    answer = told.http.get("/search", params={"q": number})
    assert answer.status_code == 400
    assert number not in answer.text


def test_the_first_page_counts_the_pledges_of_the_newest_campaign(told: Book) -> None:
    count = told.get("/v1/campaigns/2026/pledges").json()["count"]
    text = told.get("/").text
    assert f"已公示承诺 {count} 份" in text
    assert 'href="/c/2026"' in text
    assert "<i>季" not in text
    english = told.get("/en").text
    assert f"{count} pledges published" in english
    assert 'href="/en/verify"' in english


def test_every_address_that_the_first_page_names_is_there(told: Book) -> None:
    for page in ("/", "/en"):
        for path in set(re.findall(r'href="(/[^"#]*)"', told.get(page).text)):
            assert told.http.get(path, follow_redirects=True).status_code == 200, path
