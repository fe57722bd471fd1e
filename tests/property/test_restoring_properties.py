"""What is taken back leaves the standing exactly as if it had never been said; what is said twice counts once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.state.fold import fold
from projections.standing.evaluate import Case
from projections.standing.facts_from_record import facts_of
from projections.standing.standing_model import Standing
from tests.unit.projections.stream import POLICIES, SUBJECT, Stream
from tests.unit.projections.telling import tell

SEEDS = st.integers(0, 2**32).map(random.Random)
BEGIN = date(2026, 4, 1)
Fact = dict[str, Any]

# What is said, and each way of taking it back: nothing of either may be left.
TAKEN_BACK: Sequence[tuple[Fact, Sequence[Fact]]] = (
    (
        {"outcome": "", "reply": "none"},
        ({"correct": "@it", "void": True}, {"repudiate": "@it"}, {"erase": "@it"}),
    ),
    (
        {"say": "FindingRecorded", "kind": "spot_check", "severity": "severe"},
        ({"say": "FindingAnnulled", "annuls": "@it"}, {"repudiate": "@it"}, {"erase": "@it"}),
    ),
    (
        {"say": "PublicRecordCited", "kind": "serious_list"},
        ({"say": "FindingAnnulled", "annuls": "@it"}, {"repudiate": "@it"}, {"erase": "@it"}),
    ),
    ({"say": "MarkMisuseFound", "by": "licensee"}, ({"repudiate": "@it"}, {"erase": "@it"})),
    (
        {"say": "BreachFound", "code": 1, "severity": "severe", "clauses": ["returns"]},
        ({"say": "BreachCorrected", "corrects": "@it", "severity": "general", "void": True}, {"repudiate": "@it"}),
    ),
    ({"assessed": 1, "result": "none"}, ({"repudiate": "@it"}, {"erase": "@it"})),
    ({"revoke": 1}, ({"repudiate": "@it"},)),
    (
        {"say": "AgreementDefaulted", "outcome_entry": "@agreed", "due": "2026-04"},
        ({"repudiate": "@it"}, {"erase": "@it"}),
    ),
    (
        {"say": "ReportInvalidated", "report": "@report", "fault": "enterprise"},
        ({"repudiate": "@it"}, {"erase": "@it"}),
    ),
)


def _dated(fact: Fact, on: date) -> Fact:
    verb = next(iter(fact))
    return {**fact, "outcome": str(on)} if verb == "outcome" else {**fact, "on": str(on)}


def _a_life(chance: random.Random) -> list[Fact]:
    """What else happens to the enterprise, before and after."""
    day = str(BEGIN + timedelta(days=chance.randint(0, 200)))
    facts: list[Fact] = [
        {"pledge": 1, "clauses": ["returns"], "until": "2028-12-31"},
        {"assessed": 1, "on": "2026-10-01", "result": "full"},
        {"outcome": day, "reply": chance.choice(["timely", "late", "none"])},
        {"say": "FindingRecorded", "on": day, "kind": "spot_check", "severity": "general", "fact_id": "one"},
        {"size": chance.choice(["small", "large"]), "on": day},
        {"say": "PublicRecordCited", "on": day, "kind": "abnormal_list", "recheck_by": "2026-12-31"},
    ]
    sure: list[Fact] = [
        {"outcome": "2026-04-02", "ended": "agreed", "as": "agreed"},
        {"say": "ReportSubmitted", "on": "2026-04-02", "as": "report"},
    ]
    return [facts[0], *sure, *(fact for fact in facts[1:] if chance.random() < 0.5)]


def _standings(events: Sequence[Recorded]) -> Iterator[Standing]:
    """On many days, without what only says where in the log the last entry is that was looked at."""
    record = fold(None, events)
    case = Case(POLICIES, facts_of(record, SUBJECT))
    for number in range(0, 1500, 29):
        yield replace(case.on(BEGIN + timedelta(days=number)), decided_at_size=0)


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.sampled_from(TAKEN_BACK))
def test_what_is_taken_back_leaves_exactly_the_standing_that_would_have_been(
    chance: random.Random, pair: tuple[Fact, Sequence[Fact]]
) -> None:
    said, ways = pair
    stream, named = Stream(), dict[str, int]()
    life = _a_life(chance)
    place = chance.randint(3, len(life))
    for fact in life[:place]:
        tell(stream, fact, named)
    on = BEGIN + timedelta(days=chance.randint(100, 300))
    tell(stream, {**_dated(said, on), "as": "it"}, named)
    for fact in life[place:]:
        tell(stream, fact, named)
    before = fold(None, stream.events)
    tell(stream, _dated(chance.choice(ways), on + timedelta(days=30)), named)
    never = [at for at in stream.events[:-1] if at.index != named["it"]]
    assert before is not None
    assert list(_standings(stream.events)) == list(_standings(never))
    assert list(_standings(stream.events[:-1])) != list(_standings(never))  # it did count


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_matter_recorded_again_under_its_fact_id_adds_no_points(chance: random.Random) -> None:
    stream, named = Stream(), dict[str, int]()
    on = str(BEGIN + timedelta(days=chance.randint(0, 100)))
    finding = {"say": "FindingRecorded", "on": on, "kind": "spot_check", "severity": "severe", "fact_id": "one"}
    for fact in (*_a_life(chance), finding):
        tell(stream, fact, named)
    once = [standing.points for standing in _standings(stream.events)]
    for fact in (
        {**finding, "severity": "general"},
        {"say": "PublicRecordCited", "on": on, "kind": "penalty", "severity": "severe", "fact_id": "one"},
    ):
        tell(stream, fact, named)
        assert [standing.points for standing in _standings(stream.events)] == once


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_entries_of_one_day_give_the_same_standing_in_whatever_order_they_came(chance: random.Random) -> None:
    on = str(BEGIN + timedelta(days=30))
    facts: list[Fact] = [
        {"outcome": on, "reply": "none"},
        {"outcome": on, "reply": "late", "fact_id": "one"},
        {"say": "FindingRecorded", "on": on, "kind": "spot_check", "severity": "general", "fact_id": "one"},
        {"say": "PublicRecordCited", "on": on, "kind": "abnormal_list"},
        {"say": "MarkMisuseFound", "on": on, "by": "licensee"},
        {"size": "medium", "on": on},
    ]
    told = []
    for order in (facts, chance.sample(facts, len(facts))):
        stream = Stream()
        for fact in ({"pledge": 1}, *order):
            tell(stream, fact, {})
        case = Case(POLICIES, facts_of(stream.record, SUBJECT))
        told.append(
            [
                (standing.level, standing.points, sorted(reason.item for reason in standing.reasons), standing.closed)
                for standing in (case.on(BEGIN + timedelta(days=number)) for number in range(0, 1500, 29))
            ]
        )
    assert told[0] == told[1]
