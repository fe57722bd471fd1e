"""The default policy, case by case, as `standing_cases.toml` tells it; and what a standing says of its reasons."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.domain.state.fold import fold
from projections.standing.evaluate import evaluate, next_change_on
from projections.standing.levels import Level
from projections.standing.render import render, with_in_book
from tests.unit.projections.stream import POLICIES, Stream, day, outcome, registered, renamed, repudiated
from tests.unit.projections.telling import CASES, a_stream


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_default_policy_decides_as_its_text_says(case: dict[str, Any]) -> None:
    stream, _ = a_stream(case["facts"])
    on = day(case["on"])
    standing = evaluate(POLICIES, stream.record, on)
    then = next_change_on(POLICIES, stream.record, on)
    said = {
        "level": standing.level.value,
        "reasons": [[reason.item, reason.counted] for reason in standing.reasons],
        "holds": [held.item for held in standing.holds],
        "then": None if then is None else str(then),
    }
    assert said == {
        "level": case["level"],
        "reasons": case.get("reasons", []),
        "holds": case.get("holds", []),
        "then": case.get("then"),
    }
    assert standing.points == sum(counted for _, counted in case.get("reasons", []))
    if "unmet" in case:
        assert [need.need for need in standing.unmet] == case["unmet"]
    if "notes" in case:
        shown = [note.kind for said_of in (*standing.reasons, *standing.holds) for note in said_of.notes]
        assert shown == case["notes"]
    if "repaired" in case:
        assert standing.repaired == case["repaired"]
    if "closed" in case:
        assert standing.closed == case["closed"]


def test_the_table_has_a_case_for_every_item_hold_and_level_and_enough_of_them() -> None:
    policy = POLICIES[0].policy
    assert len(CASES) >= 60
    assert len({case["title"] for case in CASES}) == len(CASES)
    assert {item for case in CASES for item, _ in case.get("reasons", [])} == {rule.item for rule in policy.rules}
    assert {item for case in CASES for item in case.get("holds", [])} == {rule.item for rule in policy.holds}
    assert {case["level"] for case in CASES} == {level.value for level in Level}
    assert {case_field for case in CASES for case_field in case} <= {
        *("title", "facts", "on", "level", "reasons", "holds", "then", "unmet", "closed", "notes", "repaired"),
    }


def test_a_reason_names_what_stems_from_the_same_matter_and_the_oldest_of_equals_counts() -> None:
    stream = Stream()
    stream.say(registered())
    entries = [
        stream.say(outcome(on, reply="none", fact_id="one")) for on in ("2026-04-10", "2026-04-10", "2026-04-20")
    ]
    (reason,) = evaluate(POLICIES, stream.record, day("2026-04-20")).reasons
    assert (reason.entry, reason.same_matter) == (entries[0], tuple(entries[1:]))
    (reason,) = evaluate(POLICIES, stream.record, day("2026-04-19")).reasons
    assert (reason.entry, reason.same_matter) == (entries[0], (entries[1],))
    (reason,) = evaluate(POLICIES, stream.record, day("2026-07-10")).reasons
    assert (reason.entry, reason.counted, reason.same_matter) == (entries[2], 1000, tuple(entries[:2]))
    assert next_change_on(POLICIES, stream.record, day("2026-07-20")) == day("2027-04-10")
    closed = evaluate(POLICIES, stream.record, day("2027-04-20"))
    assert (closed.reasons, closed.closed) == ((), 3)


def test_whether_it_is_in_the_book_is_said_of_the_standing_and_of_nothing_in_it() -> None:
    canonical = msgspec.json.Encoder(order="sorted").encode
    held = 0
    for case in CASES:
        body = render(evaluate(POLICIES, a_stream(case["facts"])[0].record, day(case["on"])), None)
        for in_book in (True, False):
            served = with_in_book(body, in_book)
            document = msgspec.json.decode(served)
            assert canonical(document) == served
            assert document.pop("in_book") is in_book
            assert document == msgspec.json.decode(body)
        held += bool(document["holds"])
    assert held > 0


def test_the_document_explains_every_amount() -> None:
    stream = Stream()
    stream.say(registered(size="small"))
    stream.pledge(clauses=("returns",))
    entry = stream.say(outcome("2026-04-10", reply="late", clauses=("returns",)))
    record = stream.record
    standing = evaluate(POLICIES, record, day("2026-04-10"))
    document = msgspec.json.decode(render(standing, next_change_on(POLICIES, record, day("2026-04-10"))))
    assert document["reasons"] == [
        {
            "entry": entry,
            "item": "complaint.late_reply",
            "tier": "minor",
            "points": 200,
            "factor": 1000,
            "weight": 700,
            "clause": 1000,
            "counted": 140,
            "clauses": ["returns"],
            "rule_zh": "投诉逾期才答复",
            "rule_en": "A complaint was answered after its time.",
            "effective_on": "2026-04-10",
            "changes_on": "2026-07-10",
            "repair_from": "2026-05-10",
            "repaired_from": None,
            "notes": [],
            "same_matter": [],
        }
    ]
    assert document["level"] == "PLEDGED"
    assert document["level_zh"] == "已承诺"
    assert document["next_change_on"] == "2026-07-10"
    assert document["policy"]["entry"] == POLICIES[0].entry
    assert document["decided_at_size"] == entry + 1
    assert "as_of" not in document
    assert not document["good_needs"]["no_pledged_clause_broken"]


def test_evaluating_at_the_size_at_which_it_was_decided_gives_the_same_standing() -> None:
    stream = Stream()
    stream.say(registered())
    stream.pledge()
    entry = stream.say(outcome("2026-04-10", reply="none"))
    stream.say(renamed("2026-04-11", "乙有限公司"))
    stream.say(repudiated(entry, "2026-04-12"))
    stream.say(renamed("2026-04-13", "丙有限公司"))
    now = evaluate(POLICIES, stream.record, day("2026-05-01"))
    then = fold(None, [at for at in stream.events if at.index < now.decided_at_size])
    assert evaluate(POLICIES, then, day("2026-05-01")) == now
    earlier = fold(None, [at for at in stream.events if at.index < now.decided_at_size - 1])
    assert evaluate(POLICIES, earlier, day("2026-05-01")) != now


def test_without_a_policy_in_force_nobody_is_rated() -> None:
    stream = Stream()
    stream.say(registered())
    stream.pledge()
    assert evaluate((), stream.record, day("2026-04-01")).level == "UNRATED"
    assert next_change_on(POLICIES, None, day("2025-12-31"), "uscc:1") is None, "a policy alone rates nobody"
    assert evaluate(POLICIES, None, day("2026-04-01"), "uscc:1").level == "UNRATED"
