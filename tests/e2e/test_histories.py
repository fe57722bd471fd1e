"""Over real HTTP: an enterprise's whole history of standings, the policy's schema, and what no calendar covers."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.policy import StandingPolicyProposed
from tests.e2e.book import Book, today
from tests.support.charter import HANDLING_BODY
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome

CODE, OTHER = ENTERPRISE[5:], OTHER_ENTERPRISE[5:]


@pytest.fixture(scope="module")
def told(book: Book) -> Book:
    """An enterprise with a public pledge and an unanswered complaint, and another with nothing."""
    book.campaign()
    book.enterprise(ENTERPRISE, size_band="micro")
    book.enterprise(OTHER_ENTERPRISE)
    book.pledge(ENTERPRISE, serial=1)
    unanswered = outcome(effective_on=today(), reply="none", replied=None, outcome="refused", reason="不接受调解")
    index = book.register(unanswered, ENTERPRISE, HANDLING_BODY)
    book.get(f"/v1/enterprises?min_tree_size={index + 1}")
    return book


def test_the_whole_history_comes_in_one_request_with_the_reason_of_each_change(told: Book) -> None:
    answer = told.get(f"/v1/enterprises/{CODE}/standing/history")
    history = answer.json()
    assert (history["subject"], history["until"], history["after"]) == (ENTERPRISE, str(today()), None)
    assert [(turn["before"], turn["after"], turn["cause"]) for turn in history["changes"]] == [
        ("UNRATED", "PLEDGED", "entry"),
        ("PLEDGED", "WATCH", "entry"),
    ]
    why = history["changes"][1]["because"][0]
    assert (why["what"], why["item"], why["counted_after"], why["zh"]) == (
        "reason_began",
        "complaint.refused_without_reply",
        1000,
        "拒绝调解且没有实质性答复",
    )
    assert history["changes"][1]["entry"] == why["entry"]
    standing = told.get(f"/v1/enterprises/{CODE}/standing").json()
    assert history["changes"][-1]["after"] == standing["level"]
    assert [need["need"] for need in standing["good_unmet"]] == [
        "period_kept_in_full",
        "nothing_general_or_severe",
        "nothing_at_watch_or_below",
    ]


def test_pages_of_a_history_follow_one_another(told: Book) -> None:
    first = told.get(f"/v1/enterprises/{CODE}/standing/history?limit=1").json()
    rest = told.get(f"/v1/enterprises/{CODE}/standing/history", params={"after": first["after"]}).json()
    whole = told.get(f"/v1/enterprises/{CODE}/standing/history").json()
    assert [*first["changes"], *rest["changes"]] == whole["changes"]
    assert rest["after"] is None
    assert told.http.get(f"/v1/enterprises/{CODE}/standing/history?after=yesterday").status_code == 400


def test_a_history_without_a_change_is_empty_and_one_of_nobody_is_not_there(told: Book) -> None:
    assert told.get(f"/v1/enterprises/{OTHER}/standing/history").json()["changes"] == []
    assert told.http.get("/v1/enterprises/91330000609120000X/standing/history").status_code == 404


def test_the_schema_of_a_policy_is_served_and_a_flawed_policy_is_refused_with_its_places(told: Book) -> None:
    schema = told.get("/v1/policies/schema")
    assert schema.headers["content-type"].startswith("application/schema+json")
    assert "StandingPolicy" in schema.json()["$defs"]
    flawed = msgspec.structs.replace(default_standing_policy(), watch_from=0, late_per_mille=1001)
    statement, _ = told.sign(StandingPolicyProposed(v=1, effective_on=today(), policy=flawed), "policy")
    answer = told.post(statement, accept="application/json")
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["rule"] == "policy.late_factor"
    assert "/late_per_mille: " in problem["detail"] and "/watch_from: " in problem["detail"]


def test_a_notice_that_is_long_past_counts_though_no_calendar_covers_its_year(told: Book) -> None:
    notified = outcome(7, effective_on=today(), notified_on=date(2024, 12, 30))
    statement, body = told.sign(notified, ENTERPRISE, HANDLING_BODY)
    assert told.http.post("/bodies", content=body).status_code in (200, 201)
    assert told.post(statement, accept="application/json").status_code == 201
