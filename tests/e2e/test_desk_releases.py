"""A draft by one officer and its release by another: at once, at a chosen time, called back until then."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest

from api.http.enterprise_ids import name_of
from ledger.domain.events.base import Event
from tests.e2e.book import Book
from tests.support.charter import ORGANIZER, ORGANIZER_2, ORIGIN, REGULATOR, Speaker
from tests.support.database import TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.keys import signer_for
from tests.support.releases import document, in_seconds, lay, leave, newcomer, release
from tests.support.statements import sign
from tests.support.waiting import eventually

SECRET = "尚未公布的名称"
DAY = 86_400


class Two(NamedTuple):
    """Two officers of the organizer, each at a desk."""

    first: DeskVisitor
    second: DeskVisitor


@pytest.fixture(scope="module")
def two(book: Book) -> Iterator[Two]:
    with (
        DeskVisitor(book.service.url).sign_in(ORGANIZER) as first,
        DeskVisitor(book.service.url).sign_in(ORGANIZER_2) as second,
    ):
        yield Two(first, second)


def signed(event: Event, subject: str, by: Speaker = ORGANIZER_2, iat: int | None = None) -> bytes:
    return sign(event, subject=subject, by=by, iat=int(time.time()) if iat is None else iat)[0]


def _spoilt(statement: bytes) -> bytes:
    """With another signature."""
    return statement[:-1] + bytes([statement[-1] ^ 1])


def refusal(answer_text: str) -> str:
    """What stands above the page of a draft."""
    found = re.search(r'<p id="problem"[^>]*>(.*?)</p>', answer_text)
    assert found is not None
    return found[1]


def test_one_drafts_and_another_releases_at_once(book: Book, two: Two) -> None:
    subject, event = "local:release/1", newcomer(SECRET)
    before = book.checkpoint()
    address = lay(two.first, document(event, subject))
    for visitor, words in ((two.first, "这是您拟的草稿"), (two.second, "查看将要签名的内容")):
        shown = visitor.http.get(address)
        assert shown.status_code == 200
        assert all(one in shown.text for one in (words, subject, SECRET))
    assert book.checkpoint() == before, "nothing of a draft is in the book"
    statement = leave(two.second, address, event, subject)
    page = two.first.http.get(address).text
    assert "已发布" in page and SECRET not in page, "the book has it, the desk keeps nothing"
    entry = int(re.findall(r"/entries/([0-9]+)/statement", page)[0])
    assert book.size() == entry + 1
    assert statement[-64:] in book.get(f"/entries/{entry}/statement").content
    assert book.get(f"/e/{name_of(subject)}").status_code == 200


def test_a_drafter_does_not_release_the_own_draft_by_whichever_key(book: Book, two: Two) -> None:
    subject, event = "local:release/2", newcomer()
    other_key = Speaker(ORGANIZER.party, signer_for("the drafter's other key"), ORGANIZER.officer)
    book.enrol(other_key, ORGANIZER, officer=ORGANIZER.officer)
    address, size = lay(two.first, document(event, subject)), book.size()
    with DeskVisitor(book.service.url).sign_in(other_key) as again:
        for visitor, speaker in ((two.first, ORGANIZER), (again, other_key), (two.second, other_key)):
            answer = release(visitor, address, signed(event, subject, speaker))
            assert answer.status_code == 400
            assert ORGANIZER.officer in refusal(answer.text) and "另一名经办人" in refusal(answer.text)
        assert "查看将要签名的内容" not in again.http.get(address).text
    assert book.size() == size
    leave(two.second, address, event, subject)
    assert book.size() == size + 1


def test_what_was_signed_is_what_was_drafted_by_whoever_is_signed_in(book: Book, two: Two) -> None:
    subject, event = "local:release/3", newcomer()
    address, size = lay(two.first, document(event, subject)), book.size()
    third = Speaker(ORGANIZER.party, signer_for("organizer-3"), "organizer-3")
    book.enrol(third, ORGANIZER, officer=third.officer)
    size += 1
    for statement, words in (
        (signed(newcomer("另一名称有限公司"), subject), "签名的内容与草稿不同"),
        (signed(event, "local:release/3b"), "签名的内容与草稿不同"),
        (signed(event, subject, third), "登录的经办人本人"),
        (signed(event, subject, REGULATOR), "登录的经办人本人"),
        (_spoilt(signed(event, subject)), "核验不成立"),
        (b"", "格式"),
    ):
        answer = release(two.second, address, statement)
        assert answer.status_code == 400
        assert words in refusal(answer.text), refusal(answer.text)
    assert book.size() == size
    assert "草稿，待签发" in two.first.http.get(address).text, "it stays as it was"


def test_a_statement_left_for_a_time_is_released_then_and_before_that_nowhere(book: Book, two: Two) -> None:
    subject, event = "local:release/4", newcomer("定时发布示例有限公司")
    address, size = lay(two.first, document(event, subject)), book.size()
    statement = leave(two.second, address, event, subject, at=in_seconds(3))
    page = two.first.http.get(address).text
    assert "撤回" in page and "定时发布" in page
    assert book.size() == size
    public = (f"/e/{name_of(subject)}", "/search?q=定时发布示例", f"/v1/streams/{subject}", "/v1/events")
    assert all("定时发布示例有限公司" not in book.http.get(path).text for path in public)
    eventually(lambda: book.size() == size + 1, "the service releases it by itself")
    assert statement[-64:] in book.get(f"/entries/{size}/statement").content
    eventually(lambda: "已发布" in two.first.http.get(address).text, "and the desk says so")


def test_either_of_the_two_calls_it_back_and_then_it_is_never_released(book: Book, two: Two) -> None:
    subject, event = "local:release/5", newcomer()
    address, size = lay(two.first, document(event, subject)), book.size()
    third = Speaker(ORGANIZER.party, signer_for("organizer-4"), "organizer-4")
    book.enrol(third, ORGANIZER, officer=third.officer)
    size += 1
    with DeskVisitor(book.service.url).sign_in(third) as bystander:
        for visitor, officer in ((two.first, ORGANIZER.officer), (two.second, ORGANIZER_2.officer)):
            leave(two.second, address, event, subject, at=in_seconds(4))
            answer = bystander.submit(f"{address}/call-back")
            assert answer.status_code == 400 and "只有拟稿人和签发人可以撤回" in answer.text
            assert visitor.submit(f"{address}/call-back").status_code == 303
            assert f"由 {officer} 撤回" in two.first.http.get(address).text
        until = int(time.time()) + 6
        again = two.second.submit(f"{address}/call-back")
        assert again.status_code == 400 and "已经不在原来的状态" in again.text
        two.first.wait_past(until)
    assert book.size() == size
    assert two.first.submit(f"{address}/discard").status_code == 303
    assert two.first.http.get(address).status_code == 404


def test_what_the_book_refuses_at_that_time_says_why_and_can_be_signed_again(book: Book, two: Two) -> None:
    subject, event = "local:release/6", newcomer()
    address = lay(two.first, document(event, subject))
    leave(two.second, address, event, subject, at=in_seconds(2))
    book.register(event, subject)  # somebody else says it meanwhile
    eventually(lambda: "发布时未被接受" in two.first.http.get(address).text, "it is refused")
    listed = two.second.http.get("/desk/releases").text
    assert "有 1 份在发布时未被接受" in listed and "已登记" in listed
    assert "有 1 份在发布时未被接受" in two.first.http.get("/desk").text, "where somebody sees it"
    statement = signed(event, subject)
    assert release(two.second, address, statement).status_code == 303
    page = two.second.http.get(address).text
    assert "发布时未被接受" in page and "已登记" in page, "and again, in words"
    assert two.first.submit(f"{address}/discard").status_code == 303


def test_a_time_is_within_what_a_signed_statement_is_good_for(book: Book, two: Two) -> None:
    subject, event = "local:release/7", newcomer()
    address = lay(two.first, document(event, subject))
    statement = signed(event, subject)
    for at, words in (
        (in_seconds(7 * DAY), "最迟"),
        (in_seconds(-120), "已经过去"),
        ("morgen", "2026-03-15T09:00"),
        ("2026-03-15T09:00+08:00", "2026-03-15T09:00"),
    ):
        answer = release(two.second, address, statement, at=at)
        assert answer.status_code == 422
        assert words in refusal(answer.text)
    undated = document(event, subject).replace(f'"effective_on": "{event.effective_on}", ', "")
    assert "effective_on" not in undated
    address = lay(two.first, undated)
    answer = release(two.second, address, statement, at=in_seconds(DAY))
    assert answer.status_code == 400, "undated, it counts from the day of its release"
    assert release(two.second, address, statement, at=in_seconds(1)).status_code == 303


def test_a_draft_that_is_none_is_said_at_the_form_and_nothing_typed_is_lost(book: Book, two: Two) -> None:
    event = newcomer('"><script>alert(1)</script>')
    for typed, status, words in (
        ("{", 400, "not a draft"),
        (document(event, "local:release/8").replace("EnterpriseRegistered", "Nothing"), 400, "no event type"),
        (document(event, "local:release/8").replace('"size_band"', '"sise_band"'), 400, "sise_band"),
        (document(event, "local:release/8").replace('"small"', '"tiny"'), 400, "tiny"),
        (document(event, "not a subject"), 400, "not a subject id"),
    ):
        answer = two.first.submit("/desk/releases", fields={"draft": typed})
        assert answer.status_code == status
        assert words in answer.text and 'aria-invalid="true"' in answer.text
        assert "<script>alert" not in answer.text
        assert typed[-12:-1].replace('"', "&#34;") in answer.text
    with DeskVisitor(book.service.url).sign_in(REGULATOR) as regulator:
        answer = regulator.submit("/desk/releases", fields={"draft": document(event, "local:release/8")})
        assert answer.status_code == 400 and "签发者无权签署" in answer.text
        address = lay(two.first, document(event, "local:release/8"))
        assert "&lt;script&gt;" in two.second.http.get(address).text
        for visitor_gets in ("", "/release", "/call-back", "/discard"):
            path = address + visitor_gets
            found = regulator.submit(path) if visitor_gets else regulator.http.get(path)
            assert found.status_code == 404, "another party's is as if it were not there"


def test_nothing_of_a_draft_is_in_what_the_service_writes(book: Book, two: Two, books_database: TestDatabase) -> None:
    name = "不应外泄有限公司"
    lay(two.first, document(newcomer(name), "local:release/9"))
    with psycopg.connect(books_database.admin) as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM ledger.entries WHERE position(%s::bytea IN state) > 0", (name.encode(),)
        ).fetchone() or (0,)
    assert found == 0
    assert name not in book.service.said
    assert name not in book.get("/v1/events").text
    assert ORIGIN in book.checkpoint().decode()
