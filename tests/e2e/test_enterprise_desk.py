"""The enterprise's desk over HTTP: its own and nobody else's; what waits is acknowledged, and can be taken down."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest

from ledger.cose.acknowledgement import verify_acknowledgement
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import own_party
from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN, REGULATOR
from tests.support.desks import DeskVisitor
from tests.support.keys import log_keys
from tests.support.reading import authorization, token
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, EVIDENCE, OTHER_ENTERPRISE, outcome

DESK = "/desk/enterprise"


@dataclass(frozen=True)
class Two:
    """Two enterprises at their desks; the first has a pledge that waits."""

    book: Book
    own: DeskVisitor
    other: DeskVisitor
    waiting: str


@pytest.fixture(scope="module")
def two(book: Book) -> Iterator[Two]:
    book.campaign()
    for subject, name in ((ENTERPRISE, "甲企业有限公司"), (OTHER_ENTERPRISE, "乙企业有限公司")):
        book.enterprise(subject, name=name)
    owner, other = book.own_key(ENTERPRISE), book.own_key(OTHER_ENTERPRISE)
    statement, _ = book.sign(book.made(scope="service"), ENTERPRISE, owner)
    assert book.post(statement).status_code == 303
    with DeskVisitor(book.service.url) as own, DeskVisitor(book.service.url) as others:
        waiting = sha256(statement).hexdigest()
        yield Two(book, own.sign_in(owner), others.sign_in(other), waiting)


def test_an_enterprises_desk_is_its_own_and_no_partys_that_is_none(two: Two) -> None:
    page = two.own.http.get(DESK).text
    assert "甲企业有限公司" in page and two.waiting in page
    assert two.waiting not in two.other.http.get(DESK).text
    with DeskVisitor(two.book.service.url) as staff:
        staff.sign_in(ORGANIZER)
        for path in (DESK, f"{DESK}/pledge", f"{DESK}/acknowledgements/{two.waiting}"):
            assert staff.http.get(path).status_code == 403, path


def test_a_waiting_pledge_is_acknowledged_to_its_enterprise_alone(two: Two) -> None:
    path = f"{DESK}/acknowledgements/{two.waiting}"
    answer = two.own.http.get(path)
    said = verify_acknowledgement(answer.content, log_keys(ORIGIN).receipt.public, ORIGIN)
    assert (said.subject, said.statement_id.hex()) == (ENTERPRISE, two.waiting)
    assert abs(said.received_at - time.time()) < 600
    assert answer.headers["cache-control"] == "no-store"
    absent = two.other.http.get(f"{DESK}/acknowledgements/{'0' * 64}")
    theirs = two.other.http.get(path)
    assert (theirs.status_code, theirs.text.replace(two.waiting, "0" * 64)) == (404, absent.text)
    accesses = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    rows = two.book.get(accesses, headers=authorization(token(REGULATOR, accesses))).json()["accesses"]
    seen = {(row["party"], row["outcome"], row["resource"]) for row in rows}
    assert {(own_party(ENTERPRISE), "served", path), (own_party(OTHER_ENTERPRISE), "refused", path)} <= seen


def test_a_pledge_is_taken_down_by_its_enterprise_alone_before_it_is_published(two: Two) -> None:
    removal = f"{DESK}/pending/{two.waiting}/removal"
    assert two.other.submit(removal).status_code == 404
    assert two.own.submit(removal, Origin="https://elsewhere.example").status_code == 403
    assert two.waiting in two.own.http.get(DESK).text
    before = two.book.checkpoint()
    assert two.own.submit(removal).status_code == 303
    assert two.waiting not in two.own.http.get(DESK).text
    assert two.own.submit(removal).status_code == 404
    assert two.book.checkpoint() == before, "nothing of it is in the book"
    publication, _ = two.book.sign(two.book.published(bytes.fromhex(two.waiting), 5), ENTERPRISE)
    assert two.book.post(publication).status_code == 400


def test_an_outcome_awaits_the_enterprises_word_with_its_clock(two: Two) -> None:
    past = today().replace(day=1) - timedelta(days=40)
    months = {
        "received": past.strftime("%Y-%m"),
        "accepted": None,
        "forwarded": past.strftime("%Y-%m"),
        "reply_due": past.strftime("%Y-%m"),
        "replied": None,
        "reply": "none",
        "closed": today().strftime("%Y-%m"),
        "outcome": "ended_without_agreement",
        "reason": "双方意见不一",
    }
    said = outcome(case="b2" * 16, effective_on=today(), **months)
    entry = two.book.register(said, ENTERPRISE, HANDLING_BODY, sealed=True)
    two.book.get(f"/v1/enterprises/{ENTERPRISE[5:]}?min_tree_size={two.book.size()}")
    page = two.own.http.get(DESK).text
    assert f"outcome_entry={entry}&amp;back=/desk/enterprise" in page
    assert "天，仍可答复" in page and past.strftime("%Y-%m") in page
    assert f"outcome_entry={entry}" not in two.other.http.get(DESK).text


def test_every_form_that_the_desk_leads_to_is_there_and_knows_what_it_is_about(two: Two) -> None:
    two.book.pledge(ENTERPRISE, serial=9, scope="product")
    said = declared(effective_on=today(), evidence=EVIDENCE)
    two.book.register(said, ENTERPRISE, ORGANIZER)
    late = outcome(case="c3" * 16, effective_on=today(), reply="late", outcome="refused", reason="拒绝调解")
    two.book.register(late, ENTERPRISE, HANDLING_BODY, sealed=True)
    two.book.get(f"/v1/enterprises/{ENTERPRISE[5:]}?min_tree_size={two.book.size()}")
    page = two.own.http.get(DESK).text + two.own.http.get("/desk/officers").text
    links = {unescape(one) for one in re.findall(r'href="(/desk/act/[^"]+)"', page)}
    kinds = {one.partition("?")[0].rpartition("/")[2] for one in links}
    due = {"StandardDeclared", "StandardRevised", "StandardAbolished", "PledgeWithdrawn", "ComplaintReplied"}
    assert due | {"ObjectionFiled", "KeyRotated"} <= kinds
    for one in sorted(links):
        answer = two.own.http.get(one)
        assert answer.status_code == 200, (one, answer.text[:300])


def test_a_pledge_is_made_from_the_clauses_of_a_campaign_that_is_open(two: Two) -> None:
    page = two.own.http.get(f"{DESK}/pledge?campaign=2026").text
    assert 'data-act="PledgeMade"' in page and f'data-subject="{ENTERPRISE}"' in page and 'name="clauses"' in page
    assert two.own.http.get(f"{DESK}/pledge?campaign=1999").status_code == 404
    assert two.own.http.get(f"{DESK}/pledge?campagne=2026").status_code == 422


def test_what_is_no_demonstration_hands_out_no_keys(two: Two) -> None:
    assert two.book.http.get("/desk/demo").status_code == 404
    answer = two.book.http.post("/desk/demo/keys/organizer", headers={"Origin": two.book.service.url})
    assert answer.status_code == 404 and "pkcs8" not in answer.text
