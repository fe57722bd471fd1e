"""`/how`, `/help`, `/data`: whole in both languages, and every address that they name is there."""

from __future__ import annotations

import re

import pytest

from api.pages.text_pages import TEXT_PAGES
from tests.e2e.book import Book

PATHS = [one.path for one in TEXT_PAGES]


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    index = book.campaign()
    book.get(f"/v1/campaigns?min_tree_size={index + 1}")
    return book


@pytest.mark.parametrize("path", PATHS)
def test_every_address_that_a_text_names_is_there(told: Book, path: str) -> None:
    for page in (path, f"/en{path}"):
        named = set(re.findall(r'href="(/[^"]*)"', told.get(page).text))
        assert named > {"/verify", "/docs"} if page == path else named > {"/en/verify", "/docs"}
        for address in sorted(named):
            params = {"limit": 1} if address == "/v1/events" else None
            answer = told.http.get(address, params=params, follow_redirects=True)  # `/desk` leads to the sign-in
            assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_the_english_text_is_whole_and_leads_to_the_chinese_one(told: Book, path: str) -> None:
    english = told.get(f"/en{path}").text
    assert f'hreflang="zh-CN" href="{path}"' in english
    main = re.search(r"<main.*?</main>", english, re.DOTALL)
    assert main is not None
    assert re.findall(r"[\u4e00-\u9fff]+", main[0]) == []


def test_whoever_uses_open_data_is_told_that_repair_ends_use(told: Book) -> None:
    assert "修复或关闭后停止使用" in told.get("/data").text
    assert "Repair and closing end use" in told.get("/en/data").text
    assert "/c/2026.csv" in told.get("/data").text


def test_search_engines_are_told_of_the_texts(told: Book) -> None:
    sitemap = told.get("/sitemap.xml").text
    assert all(f"{path}</loc>" in sitemap and f"/en{path}</loc>" in sitemap for path in PATHS)


def test_an_address_that_there_is_not_is_a_page_for_a_browser_and_a_problem_for_a_program(told: Book) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path, said in (("/nowhere", "接下来可以"), ("/en/nowhere", "What you can do"), ("/e/a/b", "接下来可以")):
        page = told.http.get(path, headers=browser)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert said in page.text
        assert told.http.get(path).json()["type"] == "urn:credit-ledger:not-found"
    assert told.http.get("/v1/nowhere", headers=browser).headers["content-type"] == "application/problem+json"
