"""`/e/{id}` as it is kept: whatever it rests on changes it, and nothing else draws it again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from api.app import create_app
from api.http.enterprise_ids import name_of
from api.http.rate_limit import Limits
from api.pages.enterprise_page import drawn
from api.pages.enterprise_pages import EnterprisePages
from api.serve import open_service
from api.service.service import Service
from api.settings import Settings
from ledger.domain.events.campaign import CampaignExtended
from ledger.limits import PAGE_ENTRIES_MAX
from tests.e2e.book import Book, lay_out, open_book, today
from tests.support.charter import HANDLING_BODY, HANDLING_BODY_2, ORGANIZER
from tests.support.database import PostgresServer, TestDatabase
from tests.support.statements import CAMPAIGN, ENTERPRISE, OTHER_ENTERPRISE, corrected, outcome, registered, sign
from tests.support.waiting import eventually

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]
UNKNOWN, WRONG = "91110000802100433B", "911100006000373410"


@pytest.fixture(scope="module")
def book(books_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with open_book(tmp_path_factory.mktemp("service"), "--pages-ahead", database=books_database.service) as book:
        yield book


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    book.campaign()
    book.enterprise(ENTERPRISE, size_band="medium")
    index = book.enterprise(OTHER_ENTERPRISE)
    caught_up(book, index)
    return book


def caught_up(book: Book, index: int) -> None:
    book.get(f"/v1/enterprises?min_tree_size={index + 1}")


def viewed(book: Book, path: str) -> str:
    """The page, asked for twice: the second time it may be the one that is kept."""
    first, second = book.get(path), book.get(path)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    return second.text


def without_figures_of_the_book(text: str) -> str:
    return re.sub(r"检查点含 \d+ 条", "检查点含 N 条", text)


def test_a_new_entry_is_on_the_page_as_soon_as_it_is_in_the_standing(told: Book) -> None:
    before = viewed(told, f"/e/{CODE}")
    refused = outcome(effective_on=today(), reply="none", replied=None, outcome="refused", reason="不接受调解")
    index = told.register(refused, ENTERPRISE, HANDLING_BODY)
    caught_up(told, index)
    after = viewed(told, f"/e/{CODE}")
    assert f"/entries/{index}/statement" not in before
    assert f"/entries/{index}/statement" in after
    assert told.get(f"/v1/enterprises/{CODE}/standing").json()["sentence_zh"] in after


def test_an_entry_that_is_closed_is_shown_no_more(told: Book) -> None:
    refused = outcome(7, effective_on=today(), reply="none", replied=None, outcome="refused", reason="不接受调解乙")
    index = told.register(refused, ENTERPRISE, HANDLING_BODY)
    caught_up(told, index)
    section = r'<section aria-labelledby="outcomes">.*?</section>'
    before = re.search(section, viewed(told, f"/e/{CODE}"), re.DOTALL)
    assert before is not None
    assert f"/entries/{index}/" in before[0]
    voided = corrected(index, effective_on=today(), void=True, reply="none", outcome="refused", reason="录入有误")
    caught_up(told, told.register(voided, ENTERPRISE, HANDLING_BODY_2))
    after = viewed(told, f"/e/{CODE}")
    assert f"/entries/{index}/" not in "".join(re.findall(section, after, re.DOTALL))
    assert "不再公开" in after


def test_each_language_is_a_page_of_its_own(told: Book) -> None:
    chinese, english = viewed(told, f"/e/{CODE}"), viewed(told, f"/en/e/{CODE}")
    assert '<html lang="zh-CN">' in chinese
    assert '<html lang="en">' in english
    assert viewed(told, f"/e/{CODE}") == chinese


def test_an_entry_about_somebody_else_changes_what_the_checkpoint_says_and_nothing_more(told: Book) -> None:
    before = viewed(told, f"/e/{OTHER}")
    index = told.register(outcome(9, effective_on=today()), ENTERPRISE, HANDLING_BODY)
    caught_up(told, index)
    after = viewed(told, f"/e/{OTHER}")
    assert f"检查点含 {index + 1} 条记录" in after
    assert without_figures_of_the_book(before) == without_figures_of_the_book(after)


def test_a_kept_page_is_not_sent_to_who_has_it_and_bears_the_headers_of_one_that_is_drawn(told: Book) -> None:
    caught_up(told, told.register(outcome(11, effective_on=today()), ENTERPRISE, HANDLING_BODY))
    drawn = told.get(f"/e/{CODE}")
    kept = told.get(f"/e/{CODE}")
    own = {"date", "ratelimit"}
    assert {k: v for k, v in kept.headers.items() if k not in own} == {
        k: v for k, v in drawn.headers.items() if k not in own
    }
    known = told.http.get(f"/e/{CODE}", headers={"If-None-Match": kept.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = told.http.head(f"/e/{CODE}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", kept.headers["etag"])


def test_a_campaign_that_is_extended_is_so_on_its_pages_at_once(told: Book) -> None:
    later = today() + timedelta(days=5)
    for path in ("/", "/c/2026"):
        assert later.isoformat() not in told.get(path).text
    caught_up(
        told,
        told.register(
            CampaignExtended(v=1, effective_on=today(), closes_on=later, reason="报名踊跃"), CAMPAIGN, ORGANIZER
        ),
    )
    for path in ("/", "/c/2026"):
        assert later.isoformat() in told.get(path).text


def test_pages_that_are_drawn_together_are_each_their_own_and_a_wrong_code_fails_none_of_the_others(told: Book) -> None:
    """The first has more entries than are read for all of them."""
    subjects = [f"local:test/{number:03}" for number in range(12)]
    told.batch([told.sign(registered(effective_on=today(), name=f"第{n}厂"), one) for n, one in enumerate(subjects)])
    many = [outcome(number, effective_on=today()) for number in range(2_000, 2_000 + PAGE_ENTRIES_MAX + 5)]
    told.batch([told.sign(one, subjects[0], HANDLING_BODY) for one in many])
    size = told.size()
    eventually(lambda: told.http.get("/readyz").json().get("projected_size", 0) >= size, "all of it is projected")
    names = [name_of(subject) for subject in subjects]
    paths = [f"{before}/e/{name}" for name in (*names, UNKNOWN, WRONG) for before in ("", "/en")]
    with ThreadPoolExecutor(len(paths)) as pool:
        together = dict(zip(paths, pool.map(told.http.get, paths), strict=True))
    for number, name in enumerate(names):
        text = together[f"/e/{name}"].text
        assert f"<h1>第{number}厂</h1>" in text
        assert f"/v1/enterprises/{name}/standing" in text
        assert f"All {1 if number else len(many) + 1} entries about it are here" in together[f"/en/e/{name}"].text
    assert {path: answer.status_code for path, answer in together.items() if answer.status_code != 200} == {
        f"/e/{WRONG}": 422,
        f"/en/e/{WRONG}": 422,
    }
    assert "账本中没有这家企业" in together[f"/e/{UNKNOWN}"].text


def test_the_service_has_pages_drawn_before_anybody_asks(told: Book, books_database: TestDatabase) -> None:
    subject = "local:test/ahead"
    told.enterprise(subject, name="未曾有人问起的厂")
    query = "SELECT count(*) = 2 FROM projections.drawn_pages WHERE subject = %s"
    with psycopg.connect(books_database.service, autocommit=True) as connection:
        eventually(lambda: connection.execute(query, (subject,)).fetchone() == (True,), "its pages are drawn")
    assert "<h1>未曾有人问起的厂</h1>" in told.get(f"/e/{name_of(subject)}").text
    index = told.register(outcome(31, effective_on=today()), subject, HANDLING_BODY)
    caught_up(told, index)
    assert f"/entries/{index}/statement" in told.get(f"/e/{name_of(subject)}").text


@pytest.fixture
def settings(postgres_server: PostgresServer, tmp_path: Path):
    _, path = lay_out(tmp_path)
    with postgres_server.database() as database:
        yield Settings(data_dir=tmp_path, charter=Path(path), database_url=database.service)


def test_a_new_day_draws_the_page_again_and_a_full_cache_forgets_the_oldest(settings: Settings) -> None:
    async def run() -> None:
        assert settings.database_url is not None
        async with open_service(settings, settings.database_url, asyncio.get_running_loop()) as service:
            app = create_app(service, EnterprisePages(service), Limits(0, 1))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                size = 0
                for subject in (ENTERPRISE, OTHER_ENTERPRISE):
                    event = registered(effective_on=service.today())
                    statement, _ = sign(event, subject=subject, by=ORGANIZER, iat=service.clock())
                    answer = await client.post(
                        "/entries", content=statement, headers={"Content-Type": "application/cose"}
                    )
                    assert answer.status_code == 201, answer.text
                    size = service.feed.size()
                assert await asyncio.to_thread(service.progress.wait_for, size, 30) >= size
                today = service.today()
                for _ in range(2):
                    assert f"（{today} 的践诺状况）" in (await client.get(f"/e/{CODE}")).text
                began = service.clock
                service.clock = lambda: began() + 86_400
                assert f"（{today + timedelta(days=1)} 的践诺状况）" in (await client.get(f"/e/{CODE}")).text
            await asyncio.to_thread(full, service)

    asyncio.run(run())


def full(service: Service) -> None:
    def draw(subject: str) -> int:
        return len(pages.page(subject, "zh", lambda *given: drawn(service, *given)).content)

    pages = EnterprisePages(service, bytes_max=1)
    bytes_each = draw(ENTERPRISE)
    assert pages.fresh(CODE, "zh") is None
    pages = EnterprisePages(service, bytes_max=3 * bytes_each)
    draw(ENTERPRISE)
    assert pages.fresh(CODE, "zh") is not None
    draw(OTHER_ENTERPRISE)
    assert pages.fresh(OTHER, "zh") is not None
    assert pages.fresh(CODE, "zh") is None
