"""Who sees which desk: every address, every role (`desk_access.txt`), and the ids of another enterprise."""

from __future__ import annotations

import pkgutil
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import pytest
from fastapi.routing import APIRoute, APIRouter

import api.desk
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
from tests.support.complaint_files import filled
from tests.support.desks import DeskVisitor
from tests.support.reading import authorization, token
from tests.support.releases import document, lay
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, speaker_of

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
SIGNED_IN: Final = (*STAFF, "enterprise", "other")
#: What is for programs has no language.
PROGRAMS: Final = (
    "/desk/challenge",
    "/desk/session",
    "/desk/key/requests",
    "/desk/key/requests/{name}",
    "/desk/demo/keys/{name}",
)


class Rule(NamedTuple):
    """What each role is answered at an address."""

    method: str
    address: str
    statuses: Mapping[str, int]


def read_table() -> list[Rule]:
    """The lines of `desk_access.txt` by address, in its order; every role has an answer, or the table is wrong."""
    lines: list[tuple[str, str, list[str], int]] = []
    for line in Path(__file__).with_name("desk_access.txt").read_text("utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            method = words.pop(0) if words[0] in ("GET", "POST") else "GET"
            address, roles, status = words
            lines.append((method, address, roles.split(","), int(status)))
    rules = []
    for (method, address), group in groupby(lines, lambda line: line[:2]):
        statuses: dict[str, int] = {}
        for _, _, roles, status in group:
            for role in roles:
                named = {"all": SIGNED_IN, "rest": [one for one in SIGNED_IN if one not in statuses]}.get(role, [role])
                assert not statuses.keys() & set(named), f"{address}: said twice of {role}"
                statuses |= dict.fromkeys(named, status)
        everybody = {"nobody"} if set(statuses) == {"nobody"} else {*SIGNED_IN, "nobody"}
        assert set(statuses) == everybody, f"{address}: {everybody ^ set(statuses)}"
        rules.append(Rule(method, address, statuses))
    assert len({rule[:2] for rule in rules}) == len(rules), "the lines of an address stand together"
    return rules


RULES: Final = read_table()
FORMS: Final = [rule for rule in RULES if rule.method == "POST" and rule.address not in PROGRAMS]
PREFIXES: Final = ("", "/en")


@dataclass(frozen=True)
class Hall:
    """All desks, and somebody at each; `own` and `others` are the ids of pledges that wait, one of each enterprise;
    `complaint` is the number of a complaint file, `draft` the id of a draft by `enterprise`."""

    book: Book
    visitors: Mapping[str, DeskVisitor]
    tokens: Mapping[str, str]
    own: str
    others: str
    complaint: str
    draft: str

    @property
    def places(self) -> Mapping[str, str]:
        """What stands in `{name}` of an address: things of `enterprise`."""
        return {
            "/desk/pending/{name}": self.own,
            "/desk/pending/{name}/fields": self.own,
            "/desk/pending/{name}/refusal": self.own,
            "/desk/releases/{name}": self.draft,
            "/desk/releases/{name}/release": self.draft,
            "/desk/releases/{name}/call-back": self.draft,
            "/desk/releases/{name}/discard": "0" * 32,
            "/desk/roster/{name}": "0" * 32,
            "/desk/roster/{name}/fields": "0" * 32,
            "/desk/roster/{name}/report.csv": "0" * 32,
            "/desk/roster/{name}/report.json": "0" * 32,
            "/desk/roster/{name}/drop": "0" * 32,
            "/desk/sessions/{name}/end": "0" * 64,
            "/desk/act/{type}": "PledgePublished",
            "/desk/key/requests/{name}": "0" * 64,
            "/desk/demo/keys/{name}": "organizer",
            "/desk/registrar/{name}": "0" * 64,
            "/desk/registrar/{name}/refusal": "0" * 64,
            "/desk/officers/{name}": "0" * 64,
            "/desk/officers/{name}/refusal": "0" * 64,
            "/desk/enterprise/acknowledgements/{name}": self.own,
            "/desk/enterprise/pending/{name}/removal": "0" * 64,
            "/desk/audits/{name}": "0",
            "/desk/audits/{name}/report.html": "0",
            "/desk/audits/{name}/report.json": "0",
            "/desk/complaints/{number}": self.complaint,
            "/desk/complaints/{number}/{act}": self.complaint,
            "/desk/outbox/{name}/letter.pdf": "0" * 32,
            "/desk/outbox/{name}/{act}": "0" * 32,
            "/desk/outbox/webhooks/{name}/{act}": "0" * 32,
            "/desk/notices/{name}/end": "0" * 32,
            "/desk/explorer/{entry}": "0",
            "/desk/explorer/{entry}/body": "0",
        }

    def path(self, rule: Rule) -> str:
        """An address with a thing of `enterprise` in it."""
        head, brace, rest = rule.address.partition("{")
        place = self.places[rule.address] + rest.partition("}")[2].replace("{act}", "note") if brace else ""
        return head + place

    def ask(self, rule: Rule, prefix: str, who: str) -> httpx.Response:
        visitor, path = self.visitors[who], prefix + self.path(rule)
        return visitor.http.get(path) if rule.method == "GET" else visitor.submit(path, self.tokens[who])


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
    tokens = {who: visitor.form_token() for who, visitor in visitors.items()} | {"nobody": "none"}
    visitors["nobody"] = DeskVisitor(book.service.url)
    draft = lay(visitors["enterprise"], document(book.made(scope="service", content="草稿"), ENTERPRISE))
    form = filled(enterprise="甲企业有限公司", body=HANDLING_BODY.party)
    begun = book.http.post("/complain", data=form, headers={"Origin": book.service.url})
    number = re.search(r'id="number">([^<]+)<', begun.text)
    assert number is not None, begun.text
    yield Hall(book, visitors, tokens, ids["enterprise"], ids["other"], number[1], draft[-32:])
    for one in visitors.values():
        one.http.close()


def desk_routes() -> Iterator[tuple[str, str]]:
    """Method and address of every route of every module of the desks, once for both languages."""
    for found in pkgutil.walk_packages(api.desk.__path__, "api.desk."):
        router = getattr(import_module(found.name), "router", None)
        if isinstance(router, APIRouter):
            for route in router.routes:
                assert isinstance(route, APIRoute)
                for method in route.methods - {"HEAD"}:
                    yield method, route.path.removeprefix("/en")


def test_every_address_of_the_desks_is_in_the_table() -> None:
    there = {(method, path) for method, path in desk_routes() if path.startswith("/desk")}
    assert there == {rule[:2] for rule in RULES}


@pytest.mark.parametrize("rule", FORMS, ids=lambda rule: rule.address)
def test_a_form_counts_only_from_a_page_of_this_site_in_its_own_session(hall: Hall, rule: Rule) -> None:
    path, visitor = hall.path(rule), hall.visitors["organizer"]
    own = {"Origin": visitor.web_origin, "Sec-Fetch-Site": "same-origin"}
    token = {"form_token": hall.tokens["organizer"]}
    for fields, headers in (
        (token, {}),
        (token, own | {"Origin": "https://elsewhere.example"}),
        (token, own | {"Origin": "null"}),
        (token, own | {"Sec-Fetch-Site": "cross-site"}),
        ({}, own),
        ({"form_token": ""}, own),
        ({"form_token": hall.tokens["regulator"]}, own),
    ):
        for prefix in PREFIXES:
            answer = visitor.http.post(prefix + path, data=fields, headers=headers)
            assert answer.status_code == 403, (rule.address, fields, headers)
    assert visitor.signed_in, "nothing was done"


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
    rest = http.get("/desk/pending?from=2").text
    assert hall.own not in rest and hall.others not in rest, "after both rows: those that came later"
    for query in ("from=x", "campaign=A B", "campagne=2026"):
        assert http.get(f"/desk/pending?{query}").status_code == 422, query


def test_every_look_at_what_waits_is_logged_with_who_looked_refused_ones_too(hall: Hall) -> None:
    hall.visitors["organizer"].http.get(f"/desk/pending/{hall.own}")
    hall.visitors["other"].http.get(f"/desk/pending/{hall.own}")
    hall.visitors["laboratory"].http.get("/desk/pending")
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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.address}")
def test_an_address_is_for_those_whom_the_table_names_framed_by_nobody_and_stored_by_nobody(
    hall: Hall, rule: Rule
) -> None:
    """In the order of the table, whose last line signs everybody out."""
    prefixes = [""] if rule.address in PROGRAMS or rule.address == "/desk/sign-out" else PREFIXES
    for prefix in prefixes:
        for who, expected in rule.statuses.items():
            answer = hall.ask(rule, prefix, who)
            assert answer.status_code == expected, (who, rule.address, answer.status_code, answer.text[:300])
            if rule.address not in PROGRAMS:
                assert answer.headers["cache-control"] == "no-store", (who, rule.address)
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], (who, rule.address)
            if expected == 303 and who == "nobody":
                assert answer.headers["location"] == f"{prefix}/desk/sign-in", rule.address
            if expected not in (200, 303, 422):  # 422: let in, and shown what is to be filled in again
                assert "的承诺" not in answer.text, (who, rule.address)
