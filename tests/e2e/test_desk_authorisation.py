"""Who sees which desk: every address, every role, and the ids of another enterprise."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import Final

import pytest
from fastapi.routing import APIRoute

from api.desk import desk_page, key_pages, pending_pages, sign_in
from api.desk.staff import pending_acts, roster_pages
from ledger.domain.values.dates import shanghai_date
from tests.e2e.book import Book
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    LABORATORY,
    LOG_OPERATOR,
    ORGANIZER,
    REGISTRAR,
    REGULATOR,
    ROOT,
    Speaker,
)
from tests.support.desks import DeskVisitor
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, speaker_of

MODULES: Final[tuple[ModuleType, ...]] = (sign_in, key_pages, desk_page, pending_pages, pending_acts, roster_pages)
STAFF: Final = {
    "root": ROOT,
    "registrar": REGISTRAR,
    "organizer": ORGANIZER,
    "approver": APPROVER,
    "regulator": REGULATOR,
    "laboratory": LABORATORY,
    "handling_body": HANDLING_BODY,
    "data_officer": DATA_OFFICER,
    "log_operator": LOG_OPERATOR,
}
EVERYBODY: Final = frozenset({*STAFF, "enterprise", "other"})
WAITING: Final = "/desk/pending/{name}"
ROSTERS: Final = tuple(f"/desk/roster/{{name}}{end}" for end in ("", "/report.csv", "/report.json", "/fields"))
#: Who is shown each page; whoever is not gets the status beside it.
PAGES: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    "/desk": (EVERYBODY, 0),
    "/desk/key": (EVERYBODY | {"nobody"}, 0),
    "/desk/sign-in": (EVERYBODY | {"nobody"}, 0),
    "/desk/challenge": (EVERYBODY | {"nobody"}, 0),
    "/desk/pending": (frozenset({"organizer", "enterprise", "other"}), 403),
    WAITING: (frozenset({"organizer", "enterprise"}), 403),
    "/desk/pending.csv": (frozenset({"organizer", "enterprise", "other"}), 403),
    "/desk/pending/fields": (frozenset({"organizer"}), 403),
    "/desk/pending/refusal": (frozenset({"organizer"}), 403),
    f"{WAITING}/fields": (frozenset({"organizer"}), 403),
    "/desk/roster": (frozenset({"organizer"}), 403),
    **dict.fromkeys(ROSTERS, (frozenset[str](), 403)),  # a dry run is its session's own: nobody finds another's
}
PROGRAMS: Final = "/en/desk/challenge"  # what is for programs has no language
FORMS: Final = frozenset(
    {
        "/desk/session",
        "/desk/sign-out",
        "/desk/sessions/{name}/end",
        "/desk/pending/{name}/refusal",
        "/desk/roster/{name}/drop",
    }
)


@dataclass(frozen=True)
class Hall:
    """All desks, and somebody at each; `own` and `others` are the ids of pledges that wait, one of each enterprise."""

    book: Book
    visitors: Mapping[str, DeskVisitor]
    own: str
    others: str


@pytest.fixture(scope="module")
def hall(book: Book) -> Iterator[Hall]:
    book.campaign()
    owners = {"enterprise": ENTERPRISE, "other": OTHER_ENTERPRISE}
    speakers: dict[str, Speaker] = dict(STAFF)
    ids: dict[str, str] = {}
    for who, subject in owners.items():
        book.enterprise(subject, name={"enterprise": "甲企业有限公司", "other": "乙企业有限公司"}[who])
        speakers[who] = book.own_key(subject)
        statement, _ = book.sign(book.made(scope="service", content=f"{who} 的承诺"), subject, speakers[who])
        assert book.post(statement).status_code == 303
        ids[who] = sha256(statement).hexdigest()
    visitors = {who: DeskVisitor(book.service.url).sign_in(speaker) for who, speaker in speakers.items()}
    visitors["nobody"] = DeskVisitor(book.service.url)
    yield Hall(book, visitors, ids["enterprise"], ids["other"])
    for one in visitors.values():
        one.http.close()


def test_every_address_of_the_desks_is_in_the_table() -> None:
    there = {
        path.removeprefix("/en")
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for path in (route.path,)
    }
    assert there == {*PAGES, *FORMS}


@pytest.mark.parametrize(
    ("prefix", "path"), [(prefix, path) for path in PAGES for prefix in ("", "/en") if prefix + path != PROGRAMS]
)
def test_a_page_is_shown_to_those_whom_it_is_for_and_to_nobody_else(hall: Hall, path: str, prefix: str) -> None:
    allowed, otherwise = PAGES[path]
    for who, visitor in hall.visitors.items():
        answer = visitor.http.get(prefix + path.replace("{name}", hall.own))
        if who in allowed:
            assert answer.status_code == 200, (who, path, answer.status_code)
        elif who == "nobody":
            assert (answer.status_code, answer.headers["location"]) == (303, f"{prefix}/desk/sign-in"), path
        else:
            # another enterprise's is as if it were not there, as is another session's dry run
            hidden = (who == "other" and path == WAITING) or (who == "organizer" and path in ROSTERS)
            expected = 404 if hidden else otherwise
            assert answer.status_code == expected, (who, path, answer.status_code)
            assert "enterprise 的承诺" not in answer.text


def test_an_enterprise_sees_what_is_its_own_and_nothing_of_another(hall: Hall) -> None:
    for who, own, others in (("enterprise", hall.own, hall.others), ("other", hall.others, hall.own)):
        http = hall.visitors[who].http
        for path in ("/desk", "/desk/pending"):
            page = http.get(path).text
            assert own in page and others not in page, (who, path)
        assert f"{who} 的承诺" in http.get(f"/desk/pending/{own}").text
        absent, theirs = http.get(f"/desk/pending/{'0' * 64}"), http.get(f"/desk/pending/{others}")
        assert (theirs.status_code, theirs.text.replace(others, "0" * 64)) == (404, absent.text)


def test_an_organizer_sees_all_that_waits_by_campaign_if_it_likes(hall: Hall) -> None:
    http = hall.visitors["organizer"].http
    page = http.get("/desk/pending?campaign=2026").text
    assert hall.own in page and hall.others in page and "甲企业有限公司" in page
    assert '<b class="num">2</b>' in http.get("/desk").text
    assert hall.own not in http.get("/desk/pending?campaign=2025").text
    assert hall.own not in http.get("/desk/pending?from=1").text, "after a row: those that came later"
    for query in ("from=x", "campaign=A B", "campagne=2026"):
        assert http.get(f"/desk/pending?{query}").status_code == 422, query


def test_every_look_at_what_waits_is_logged_with_who_looked_refused_ones_too(hall: Hall) -> None:
    hall.visitors["organizer"].http.get(f"/desk/pending/{hall.own}")
    hall.visitors["other"].http.get(f"/desk/pending/{hall.own}")
    path = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    rows = hall.book.get(path, headers=authorization(token(REGULATOR, path))).json()["accesses"]
    seen = {(row["party"], row["officer"], row["outcome"], row["resource"], row["subject"]) for row in rows}
    address = f"/desk/pending/{hall.own}"
    assert (ORGANIZER.party, ORGANIZER.officer, "served", address, ENTERPRISE) in seen
    assert (f"party:{OTHER_ENTERPRISE}", "owner", "refused", address, OTHER_ENTERPRISE) in seen
    assert any(row[2] == "refused" and row[0] == LABORATORY.party for row in seen)


def test_what_a_page_does_not_know_is_neither_taken_nor_logged_nor_repeated(hall: Hall) -> None:
    number = "11010519491231002X"
    http = hall.visitors["enterprise"].http
    for path in (f"/desk?{number}=1", f"/desk/pending?{number}=1", f"/desk/pending/{hall.own}?x={number}"):
        answer = http.get(path)
        assert answer.status_code == 422 and number not in answer.text, path
    assert http.get(f"/desk/pending/{number}").status_code == 404
    path = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    rows = hall.book.get(path, headers=authorization(token(REGULATOR, path))).text
    assert number not in rows and hall.own in rows


def test_stored_text_is_shown_as_text_whatever_it_contains(hall: Hall) -> None:
    said = "<script>alert(1)</script>{{ 7 * 7 }}\"'&"
    statement, _ = hall.book.sign(hall.book.made(scope="product", content=said), ENTERPRISE, speaker_of(ENTERPRISE))
    assert hall.book.post(statement).status_code == 303
    page = hall.visitors["enterprise"].http.get(f"/desk/pending/{sha256(statement).hexdigest()}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}&#34;&#39;&amp;" in page
    assert "<script>alert" not in page
