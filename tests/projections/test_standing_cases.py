"""The default policy, case by case: facts in, level and reasons out. To be read by a lawyer.

Amounts in hundredths of a point: below 1000 NORMAL (PLEDGED, GOOD), from 1000 WATCH, from 3000 ALERT. The enterprise is
micro unless the case says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from ledger.domain.folding import fold
from projections.standing.evaluate import evaluate, next_change_on
from projections.standing.render import render
from tests.projections.stream import (
    POLICIES,
    Stream,
    assessed,
    corrected,
    day,
    erased,
    outcome,
    registered,
    renamed,
    replaced,
    repudiated,
    revoked,
    sized,
    withdrawn,
)

PERIOD = ("2026-03-15", "2026-09-14")


@dataclass(frozen=True)
class Case:
    """`facts` tells the stream; on `on` the level is `level`, for `reasons` (item, counted), until `then`."""

    title: str
    facts: Callable[[Stream], object]
    on: str
    level: str
    reasons: tuple[tuple[str, int], ...] = ()
    then: str | None = None


def _kept(stream: Stream) -> None:
    """A live public pledge whose first half-year was assessed as kept in full."""
    stream.pledge()
    stream.say(assessed(1, "2026-10-01", "full", PERIOD))


def _several(*steps: Callable[[Stream], object]) -> Callable[[Stream], object]:
    def tell(stream: Stream) -> None:
        for step in steps:
            step(stream)

    return tell


def _replies(timely: int, late: int, on: str) -> Callable[[Stream], object]:
    def tell(stream: Stream) -> None:
        for number in range(timely):
            stream.say(outcome(on, issue=f"t{number}"))
        for number in range(late):
            stream.say(outcome(on, reply="late", issue=f"l{number}"))

    return tell


def _say(saying: object) -> Callable[[Stream], object]:
    return lambda stream: stream.say(saying)  # type: ignore[arg-type]


CASES = [
    Case("registered, nothing else: no record", lambda s: None, "2026-06-01", "UNRATED"),
    Case("a public pledge, on its first day", lambda s: s.pledge(), "2026-03-20", "PLEDGED", then="2027-03-15"),
    Case("a public pledge, on its last day", lambda s: s.pledge(), "2027-03-14", "PLEDGED", then="2027-03-15"),
    Case("a public pledge that has expired: normal, not unrated", lambda s: s.pledge(), "2027-03-15", "NORMAL"),
    Case(
        "a public pledge whose validity begins later",
        lambda s: s.pledge(from_on="2026-04-01"),
        "2026-03-31",
        "NORMAL",
        then="2026-04-01",
    ),
    Case(
        "before its publication a pledge is nothing", lambda s: s.pledge(), "2026-03-19", "UNRATED", then="2026-03-20"
    ),
    Case("a sealed pledge unlocks nothing", lambda s: s.pledge(disclosure="none"), "2026-06-01", "UNRATED"),
    Case(
        "a pledge for limited disclosure unlocks nothing",
        lambda s: s.pledge(disclosure="limited"),
        "2026-06-01",
        "UNRATED",
    ),
    Case(
        "kept in full, a completed period, nothing against it: good",
        _kept,
        "2026-10-01",
        "GOOD",
        then="2027-03-15",
    ),
    Case("assessed as full, but the pledge has expired", _kept, "2027-03-15", "NORMAL"),
    Case(
        "an assessment of a period that is not over does not make it good yet",
        _several(lambda s: s.pledge(), _say(assessed(1, "2026-09-01", "full", PERIOD))),
        "2026-09-14",
        "PLEDGED",
        then="2026-09-15",
    ),
    Case(
        "an assessment of a sealed pledge makes nothing good",
        _several(lambda s: s.pledge(disclosure="none"), _say(assessed(1, "2026-10-01", "full", PERIOD))),
        "2026-10-02",
        "UNRATED",
    ),
    Case(
        "one late reply costs 2.00 for three months",
        _say(outcome("2026-04-10", reply="late")),
        "2026-07-09",
        "NORMAL",
        (("complaint.late_reply", 200),),
        then="2026-07-10",
    ),
    Case(
        "after three months a late reply is closed", _say(outcome("2026-04-10", reply="late")), "2026-07-10", "NORMAL"
    ),
    Case(
        "three months from 30 November end with February",
        _say(outcome("2026-11-30", reply="late")),
        "2027-02-27",
        "NORMAL",
        (("complaint.late_reply", 200),),
        then="2027-02-28",
    ),
    Case(
        "no reply costs 10.00: watch",
        _say(outcome("2026-04-10", reply="none", ended="ended_without_agreement")),
        "2026-04-10",
        "WATCH",
        (("complaint.no_reply", 1000),),
        then="2026-07-10",
    ),
    Case(
        "after three months half of it, to the end of the year",
        _say(outcome("2026-04-10", reply="none", ended="ended_without_agreement")),
        "2026-07-10",
        "NORMAL",
        (("complaint.no_reply", 500),),
        then="2027-04-10",
    ),
    Case(
        "no reply costs a large enterprise 1.50",
        _several(_say(sized("2026-04-01", "large")), _say(outcome("2026-04-10", reply="none"))),
        "2026-04-10",
        "NORMAL",
        (("complaint.no_reply", 150),),
        then="2026-07-10",
    ),
    Case(
        "the size on the day of the outcome decides, not today's",
        _several(_say(outcome("2026-04-10", reply="none")), _say(sized("2026-05-01", "large"))),
        "2026-05-02",
        "WATCH",
        (("complaint.no_reply", 1000),),
        then="2026-07-10",
    ),
    Case(
        "a size that begins on the day of the outcome decides",
        _several(_say(sized("2026-04-10", "large")), _say(outcome("2026-04-10", reply="none"))),
        "2026-04-10",
        "NORMAL",
        (("complaint.no_reply", 150),),
        then="2026-07-10",
    ),
    Case(
        "no reply is not held against whom nobody asked",
        _say(outcome("2026-04-10", reply="none", ended="not_accepted", forwarded=None, reply_due=None)),
        "2026-04-10",
        "NORMAL",
    ),
    Case(
        "mediation refused without an answer in substance",
        _say(outcome("2026-04-10", ended="refused")),
        "2026-04-10",
        "WATCH",
        (("complaint.refused_without_reply", 1000),),
        then="2026-07-10",
    ),
    Case(
        "mediation refused after an answer in substance costs nothing",
        _say(outcome("2026-04-10", ended="refused", substantive_reply=True)),
        "2026-04-10",
        "NORMAL",
    ),
    Case(
        "refused and not replied to is one matter: the higher counts, once",
        _say(outcome("2026-04-10", reply="none", ended="refused")),
        "2026-04-10",
        "WATCH",
        (("complaint.refused_without_reply", 1000),),
        then="2026-07-10",
    ),
    Case("a settled complaint costs nothing, and is a record", _say(outcome("2026-04-10")), "2026-04-10", "NORMAL"),
    Case(
        "three unanswered complaints: alert",
        _several(*(_say(outcome(f"2026-04-1{n}", reply="none")) for n in range(3))),
        "2026-04-12",
        "ALERT",
        (("complaint.no_reply", 1000),) * 3,
        then="2026-07-10",
    ),
    Case(
        "two findings of one matter: only the highest counts",
        _several(
            lambda s: s.pledge(),
            _say(outcome("2026-04-10", reply="none", fact_id="matter-7")),
            _say(assessed(1, "2026-04-20", "partial", ("2026-03-15", "2026-04-01"), fact="matter-7")),
        ),
        "2026-04-20",
        "WATCH",
        (("pledge.partly_fulfilled", 1500),),
        then="2026-07-20",
    ),
    Case(
        "a pledge kept in part: 15.00, and no longer good",
        _several(_kept, _say(assessed(1, "2026-11-01", "partial", ("2026-09-15", "2026-10-31")))),
        "2026-11-01",
        "WATCH",
        (("pledge.partly_fulfilled", 1500),),
        then="2027-02-01",
    ),
    Case(
        "while a general item counts at all, the pledge is live but not good",
        _several(_kept, _say(assessed(1, "2026-11-01", "partial", ("2026-09-15", "2026-10-31")))),
        "2027-02-01",
        "PLEDGED",
        (("pledge.partly_fulfilled", 750),),
        then="2027-03-15",
    ),
    Case(
        "a pledge not kept: 40.00, severe, alert for a year",
        _several(lambda s: s.pledge(), _say(assessed(1, "2026-10-01", "none", PERIOD))),
        "2027-03-14",
        "ALERT",
        (("pledge.not_fulfilled", 4000),),
        then="2027-03-15",
    ),
    Case(
        "then half of it for two more years",
        _several(lambda s: s.pledge(), _say(assessed(1, "2026-10-01", "none", PERIOD))),
        "2027-10-01",
        "WATCH",
        (("pledge.not_fulfilled", 2000),),
        then="2029-10-01",
    ),
    Case(
        "an assessment of a sealed pledge is not held against it",
        _several(lambda s: s.pledge(disclosure="none"), _say(assessed(1, "2026-10-01", "none", PERIOD))),
        "2026-10-02",
        "UNRATED",
    ),
    Case(
        "a late reply about a pledged clause costs no more points, but the good level while it counts",
        _several(
            lambda s: s.pledge(clauses=("returns",)),
            _say(assessed(1, "2026-10-01", "full", PERIOD)),
            _say(outcome("2026-10-10", reply="late", clauses=("returns",))),
        ),
        "2026-10-10",
        "PLEDGED",
        (("complaint.late_reply", 200),),
        then="2027-01-10",
    ),
    Case(
        "a late reply about a clause that was not pledged leaves it good",
        _several(
            lambda s: s.pledge(clauses=("returns",)),
            _say(assessed(1, "2026-10-01", "full", PERIOD)),
            _say(outcome("2026-10-10", reply="late", clauses=("delivery",))),
        ),
        "2026-10-10",
        "GOOD",
        (("complaint.late_reply", 200),),
        then="2027-01-10",
    ),
    Case(
        "19 of 20 replies in time are 95 %: good",
        _several(_kept, _replies(19, 1, "2026-10-05")),
        "2027-01-05",
        "GOOD",
        then="2027-03-15",
    ),
    Case(
        "18 of 20 are not: pledged only",
        _several(_kept, _replies(18, 2, "2026-10-05")),
        "2027-01-05",
        "PLEDGED",
        then="2027-03-15",
    ),
    Case(
        "17 of 19 are not enough replies to tell: good",
        _several(_kept, _replies(17, 2, "2026-10-05")),
        "2027-01-05",
        "GOOD",
        then="2027-03-15",
    ),
    Case(
        "a withdrawn pledge ends with its last day",
        _several(lambda s: s.pledge(), _say(withdrawn(1, "2026-06-01", "2026-06-30"))),
        "2026-06-30",
        "PLEDGED",
        then="2026-07-01",
    ),
    Case(
        "after a withdrawal: normal",
        _several(lambda s: s.pledge(), _say(withdrawn(1, "2026-06-01", "2026-06-30"))),
        "2026-07-01",
        "NORMAL",
    ),
    Case(
        "revoked for fraud: for 36 months",
        _several(lambda s: s.pledge(), _say(revoked(1, "2026-06-01"))),
        "2029-05-31",
        "REVOKED",
        then="2029-06-01",
    ),
    Case(
        "revoked for fraud: over after 36 months",
        _several(lambda s: s.pledge(), _say(revoked(1, "2026-06-01"))),
        "2029-06-01",
        "NORMAL",
    ),
    Case(
        "a new pledge does not lift a revocation",
        _several(
            lambda s: s.pledge(), _say(revoked(1, "2026-06-01")), lambda s: s.pledge(2, "2026-07-01", "2027-06-30")
        ),
        "2026-07-01",
        "REVOKED",
        then="2027-07-01",
    ),
    Case(
        "revoked on another ground is no fraud",
        _several(lambda s: s.pledge(), _say(revoked(1, "2026-06-01", ground="ineligible"))),
        "2026-06-02",
        "NORMAL",
    ),
    Case(
        "a clerical correction of the last day holds as if it had been right",
        _several(
            lambda s: s.pledge(until="2027-03-15"), _say(replaced(1, "2026-04-01", valid_until=day("2027-03-14")))
        ),
        "2027-03-15",
        "NORMAL",
    ),
    Case(
        "a corrected outcome counts as corrected, from its own date",
        lambda s: s.say(corrected(s.say(outcome("2026-04-10", reply="none")), "2026-05-01", reply="late")),
        "2026-05-01",
        "NORMAL",
        (("complaint.late_reply", 200),),
        then="2026-07-10",
    ),
    Case(
        "an outcome that a correction made void never was",
        lambda s: s.say(corrected(s.say(outcome("2026-04-10", reply="none")), "2026-05-01", void=True)),
        "2026-05-01",
        "UNRATED",
    ),
    Case(
        "a repudiated outcome counts for nothing",
        lambda s: s.say(repudiated(s.say(outcome("2026-04-10", reply="none")), "2026-05-01")),
        "2026-05-01",
        "UNRATED",
    ),
    Case(
        "an erased outcome counts for nothing",
        lambda s: s.say(erased(s.say(outcome("2026-04-10", reply="none")), "2026-05-01")),
        "2026-05-01",
        "UNRATED",
    ),
    Case(
        "a repudiated revocation revokes nothing",
        _several(lambda s: s.pledge(), lambda s: s.say(repudiated(s.say(revoked(1, "2026-06-01")), "2026-06-05"))),
        "2026-06-05",
        "PLEDGED",
        then="2027-03-15",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_default_policy_decides_as_its_text_says(case: Case) -> None:
    stream = Stream()
    stream.say(registered())
    case.facts(stream)
    standing = evaluate(POLICIES, stream.record, day(case.on))
    assert standing.level.value == case.level
    assert tuple((reason.item, reason.counted) for reason in standing.reasons) == case.reasons
    assert standing.points == sum(counted for _, counted in case.reasons)
    then = next_change_on(POLICIES, stream.record, day(case.on))
    assert then == (None if case.then is None else day(case.then))


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
    assert next_change_on(POLICIES, None, day("2025-12-31"), "uscc:1") == day("2026-01-01")
    assert evaluate(POLICIES, None, day("2026-04-01"), "uscc:1").level == "UNRATED"
