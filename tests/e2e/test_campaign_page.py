"""`/c/{campaign}` and `/p/{code}`: who takes part, and what was pledged."""

from __future__ import annotations

import csv
import io
import re

import pytest

from api.certificates.certificate_check import check_certificate
from tests.e2e.book import Book, today
from tests.support.statements import CAMPAIGN, ENTERPRISE, OTHER_ENTERPRISE, campaign_corrected

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]
TITLE = "质量诚信承诺企业"
FORMULA = "=示例红川食品有限公司"


@pytest.fixture(scope="module")
def pledged(book: Book) -> tuple[Book, str]:
    """Two participants, one of whose names a spreadsheet would compute; and the code of the first pledge."""
    slip = book.campaign(theme="提震消费")
    window = {name: getattr(book.opened(), name) for name in ("opens_on", "closes_on", "pledge_valid_until", "scopes")}
    corrected = campaign_corrected(
        slip,
        effective_on=today(),
        theme="提振消费",
        correction="错字",
        certificate_title=TITLE,
        certificate_basis="通知第三条",
        **window,
    )
    book.register(corrected, CAMPAIGN)
    book.enterprise(ENTERPRISE, name=FORMULA)
    book.enterprise(OTHER_ENTERPRISE, name="示例北京电器有限公司")
    _, _, code = book.pledge(ENTERPRISE, serial=1, content="不卖<b>假货</b>。", liability="退一赔三。")
    _, last, _ = book.pledge(OTHER_ENTERPRISE, serial=2)
    book.get(f"/v1/enterprises?min_tree_size={last + 1}")
    return book, code


def listed(book: Book, path: str) -> list[str]:
    return re.findall(r'<a href="/e/([^"]+)">', book.get(path).text)


@pytest.mark.parametrize("query", ["", "?q=红川", "?q=dianqi", "?q=没有"])
def test_the_export_holds_exactly_the_participants_that_are_shown(pledged: tuple[Book, str], query: str) -> None:
    book, _ = pledged
    shown = listed(book, f"/c/2026{query}")
    answer = book.get(f"/c/2026.csv{query}")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == ["id", "name"]
    assert [row[0] for row in rows] == shown
    assert len(shown) == {"": 2, "?q=没有": 0}.get(query, 1)


def test_corrected_terms_are_shown_with_the_entries_that_hold_what_was_said_before(pledged: tuple[Book, str]) -> None:
    book, _ = pledged
    view = book.get("/v1/campaigns/2026").json()
    opening, (correction,) = view["entry"], view["corrections"]
    assert view["theme"] == "提振消费"
    page = book.get("/c/2026").text
    assert "提振消费" in page
    assert "提震" not in page
    for entry in (opening, correction):
        assert f'href="/entries/{entry}/statement"' in page
    said = book.get(f"/entries/{correction}/statement", headers={"Accept": "application/json"}).json()
    assert said["event"]["correction"] == "错字"


def test_a_certificate_rests_on_the_terms_as_corrected(pledged: tuple[Book, str]) -> None:
    book, code = pledged
    found = check_certificate(book.get(f"/v1/pledges/{code}/certificate.pdf").content, book.trust())
    assert (found.certificate.title, found.certificate.basis) == (TITLE, "通知第三条")


def test_no_spreadsheet_computes_a_name(pledged: tuple[Book, str]) -> None:
    book, _ = pledged
    rows = csv.reader(io.StringIO(book.get("/c/2026.csv").content.decode("utf-8-sig")))
    assert f"'{FORMULA}" in [row[1] for row in rows]


def test_a_pledge_is_shown_with_its_text_as_text_and_what_can_be_taken_away(pledged: tuple[Book, str]) -> None:
    book, code = pledged
    text = book.get(f"/p/{code}").text
    assert "不卖&lt;b&gt;假货&lt;/b&gt;。" in text
    assert "退一赔三。" in text
    assert f'href="/v1/pledges/{code}/certificate.pdf"' in text
    assert book.http.get(f"/v1/pledges/{code}/receipt").status_code == 303
    assert f'href="/en/e/{CODE}"' in book.get(f"/en/p/{code}").text


def test_what_is_not_there_is_a_page_with_its_status(pledged: tuple[Book, str]) -> None:
    book, _ = pledged
    for path in ("/p/00000000000000000000", "/c/1999", "/en/c/1999"):
        answer = book.http.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
