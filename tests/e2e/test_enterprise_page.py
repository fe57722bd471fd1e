"""`/e/{id}`: what a consumer reads about an enterprise, without scripts, in two languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY
from tests.support.listings import listed
from tests.support.marks import KETTLE
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, replied

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]
UNKNOWN = "91110000802100433B"  # its check digit is right
NAME = "示例<b>红川</b>&\"食品'有限公司𬭚䶮㛃"
SAID = "已为消费者换货 <script>alert(1)</script>"


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    """An enterprise with a pledge, a complaint that it answered only afterwards, and markup in all its words."""
    book.campaign()
    book.enterprise(ENTERPRISE, size_band="medium", name=NAME)
    book.enterprise(OTHER_ENTERPRISE)
    owner = book.own_key(ENTERPRISE)
    book.pledge(ENTERPRISE, serial=1)
    refused = outcome(effective_on=today(), reply="none", replied=None, outcome="refused", reason="不接受调解")
    index = book.register(refused, ENTERPRISE, HANDLING_BODY)
    window = {"window_from": today(), "window_until": today() + timedelta(days=30)}
    book.register(listed(effective_on=today(), **window), ENTERPRISE)
    answered = book.register(replied(index, effective_on=today(), text=SAID), ENTERPRISE, owner, sealed=True)
    book.get(f"/v1/enterprises?min_tree_size={answered + 1}")
    return book


def test_the_page_says_what_the_standing_says_with_every_reason_and_its_entry(told: Book) -> None:
    standing = told.get(f"/v1/enterprises/{CODE}/standing").json()
    text = told.get(f"/e/{CODE}").text
    assert standing["level_zh"] in text
    assert standing["sentence_zh"] in text
    (reason,) = standing["reasons"]
    assert f"{reason['points']:,} × {reason['factor']}‰ × {reason['weight']}‰ = {reason['counted']:,}" in text
    assert f"/entries/{reason['entry']}/statement" in text
    assert f"{standing['next_change_on']}" in text
    english = told.get(f"/en/e/{CODE}").text
    assert standing["level_en"] in english
    assert reason["rule_en"] in english


def test_what_the_page_foretells_is_what_the_standing_will_be_on_that_day(told: Book) -> None:
    on = told.get(f"/v1/enterprises/{CODE}/standing").json()["next_change_on"]
    then = told.get(f"/v1/enterprises/{CODE}/standing", params={"as_of": on}).json()
    foretold = re.search(rf">{on}</time> 起 ([\d,]+) 分，([^；。]+)", told.get(f"/e/{CODE}").text)
    assert foretold is not None
    assert (int(foretold[1].replace(",", "")), foretold[2]) == (then["points"], then["level_zh"])


def test_all_entries_are_counted_and_listed(told: Book) -> None:
    events = told.get(f"/v1/enterprises/{CODE}/events").json()["events"]
    text = told.get(f"/e/{CODE}").text
    assert f"关于它的记录共 {len(events)} 条，全部在此" in text
    listed = text[text.index("<details>") : text.index("</details>")]
    assert {int(one) for one in re.findall(r"/entries/(\d+)/statement", listed)} == {one["entry"] for one in events}


def test_without_a_published_map_the_page_does_not_claim_that_nothing_is_missing(told: Book) -> None:
    assert told.get("/v1/map").json()["published"] is None
    text = told.get(f"/e/{CODE}").text
    assert "完整性映射尚未公布" in text
    assert "没有遗漏：" not in text


def test_a_survey_names_its_product_as_people_do(told: Book) -> None:
    product = f"{KETTLE.name} {KETTLE.model}"
    for path, colon, begin in ((f"/e/{CODE}", "：", "（"), (f"/en/e/{CODE}", ": ", " (")):
        assert f"{colon}{product}{begin}{today()} – " in told.get(path).text


def test_stored_words_are_text_and_never_markup(told: Book) -> None:
    for path in (f"/e/{CODE}", f"/en/e/{CODE}"):
        text = told.get(path).text
        assert "<b>红川" not in text
        assert "<script" not in text
        assert "示例&lt;b&gt;红川&lt;/b&gt;" in text
        assert "&lt;script&gt;alert(1)" in text


def test_an_enterprise_with_nothing_on_record_is_unrated_and_the_page_says_what_that_means(told: Book) -> None:
    text = told.get(f"/e/{OTHER}").text
    assert "无记录" in text
    assert "无记录不代表好坏" in text


def test_a_code_that_the_book_does_not_know_is_told_so_and_not_indexed(told: Book) -> None:
    unknown = told.get(f"/e/{UNKNOWN}").text
    assert "账本中没有这家企业" in unknown
    assert '<meta name="robots" content="noindex">' in unknown
    assert '<meta name="robots"' not in told.get(f"/e/{CODE}").text


def test_a_wrong_code_is_a_page_with_its_status(told: Book) -> None:
    answer = told.http.get("/e/911100006000373410")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "校验位不正确" in answer.text
    assert told.http.get("/en/e/x").status_code == 422


def test_other_ways_to_write_a_code_lead_to_the_canonical_address(told: Book) -> None:
    answer = told.http.get(f"/en/e/{CODE.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/en/e/{CODE}")
    assert f'<link rel="canonical" href="/e/{CODE}">' in told.get(f"/e/{CODE}").text


def test_the_page_and_its_style_are_under_60_kilobytes_and_keep_to_themselves(told: Book) -> None:
    answer = told.get(f"/e/{CODE}")
    style = re.search(r'rel="stylesheet" href="([^"]+)"', answer.text)
    assert style is not None
    assert len(answer.content) + len(told.get(style[1]).content) < 60_000
    assert "style=" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert told.http.get(f"/e/{CODE}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
