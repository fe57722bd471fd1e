"""An enterprise's whole history of standings: every day on which its level changed, and why."""

from __future__ import annotations

import random
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings

from ledger.domain.events.base import Recorded
from projections.standing.change_reasons import (
    ChangeReason,
    LevelChange,
    changes_of,
    hide,
    history,
    page_of,
    render_history,
)
from projections.standing.policy_timeline import Rules
from tests.property.test_course_properties import SEEDS, a_log, governing
from tests.unit.projections import stream as say
from tests.unit.projections.stream import Stream, day, registered
from tests.unit.projections.telling import tell

TODAY = date(2030, 1, 1)


def turns_of(log: list[Recorded], today: date = TODAY) -> list[LevelChange]:
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    stream = [at for at in log if at.subject == say.SUBJECT]
    return history(stream, rules, changes_of(stream, rules, 10**9, today))


def a_story(*facts: dict[str, object], policies: list[Recorded] | None = None) -> list[Recorded]:
    stream = Stream(first=10)
    stream.say(registered())
    named: dict[str, int] = {}
    for fact in facts:
        tell(stream, fact, named)
    return [*governing(0, date(2026, 1, 2), date(2026, 1, 2)), *stream.events, *(policies or [])]


def in_short(turns: list[LevelChange]) -> list[tuple[str, str, str, list[str]]]:
    return [
        (str(turn.changed_on), turn.cause, f"{turn.before} {turn.after}", [why.what for why in turn.because])
        for turn in turns
    ]


def test_entries_and_time_are_told_apart_each_with_what_it_changed() -> None:
    log = a_story({"pledge": 1}, {"outcome": "2026-04-10", "reply": "none"})
    assert in_short(turns_of(log)) == [
        ("2026-03-20", "entry", "UNRATED PLEDGED", ["pledge_began", "need_unmet", "need_met", "record_began"]),
        (
            "2026-04-10",
            "entry",
            "PLEDGED WATCH",
            ["reason_began", "need_unmet", "need_unmet"],
        ),
        ("2026-07-10", "time", "WATCH PLEDGED", ["reason_changed", "need_met"]),
        ("2027-03-15", "time", "PLEDGED NORMAL", ["pledge_ended", "need_unmet", "need_met"]),
    ]
    (changed,) = [why for why in turns_of(log)[2].because if why.what == "reason_changed"]
    assert (changed.item, changed.counted_before, changed.counted_after, changed.zh) == (
        "complaint.no_reply",
        1000,
        500,
        "投诉不答复",
    )


def test_what_has_not_come_yet_is_no_history() -> None:
    log = a_story({"pledge": 1}, {"outcome": "2026-04-10", "reply": "none"})
    assert len(turns_of(log, day("2026-07-09"))) == 2
    assert len(turns_of(log, day("2026-07-10"))) == 3


def test_an_annulment_stays_in_the_history_as_the_entry_that_ended_the_reason() -> None:
    log = a_story(
        {"say": "FindingRecorded", "on": "2026-04-10", "kind": "spot_check", "severity": "severe", "as": "抽查"},
        {"say": "FindingAnnulled", "on": "2026-05-10", "annuls": "@抽查"},
    )
    assert in_short(turns_of(log)) == [
        ("2026-04-10", "entry", "UNRATED ALERT", ["reason_began", "need_unmet", "need_unmet", "record_began"]),
        ("2026-05-10", "entry", "ALERT UNRATED", ["reason_ended", "need_met", "need_met", "record_ended"]),
    ]


def test_a_listing_that_nobody_confirmed_again_ends_by_time() -> None:
    log = a_story(
        {"say": "PublicRecordCited", "on": "2026-04-10", "kind": "serious_list", "recheck_by": "2026-07-10"},
    )
    listed, ended = turns_of(log)
    assert (listed.after, listed.because[0].what, listed.because[0].item) == ("LISTED", "hold_began", "listing.serious")
    assert (str(ended.changed_on), ended.cause, ended.after) == ("2026-07-11", "time", "NORMAL")
    assert ended.because[0] == ChangeReason(
        "hold_ended",
        listed.entry,
        "listing.serious",
        day("2026-04-10"),
        zh="现被列入严重违法失信名单",
        en="On the statutory list of seriously dishonest entities.",
    )


@pytest.mark.parametrize(("in_force", "changed_on"), [("2026-05-01", "2026-05-01"), ("2026-05-20", "2026-05-20")])
def test_a_policy_that_takes_effect_is_named_as_the_cause(in_force: str, changed_on: str) -> None:
    approved = governing(50, day("2026-05-01"), day(in_force), watch_from=100)
    log = a_story({"outcome": "2026-04-10", "reply": "late"}, policies=approved)
    turns = turns_of(log, day("2026-06-01"))
    assert (str(turns[-1].changed_on), turns[-1].cause, turns[-1].entry) == (changed_on, "policy", 51)
    assert (turns[-1].before, turns[-1].after) == ("NORMAL", "WATCH")


def test_an_erased_entry_is_nowhere_in_the_history() -> None:
    log = a_story(
        {"outcome": "2026-04-10", "reply": "none", "as": "投诉"},
        {"erase": "@投诉", "on": "2026-05-10"},
    )
    assert turns_of(log) == []


def test_what_is_closed_is_said_to_be_closed_and_no_more() -> None:
    turns = turns_of(a_story({"outcome": "2026-04-10", "reply": "none"}))
    entry = turns[0].because[0].entry
    hidden = hide(turns, lambda index, on: index == entry and on == day("2026-04-10"))
    assert hidden[0].because[0] == ChangeReason("reason_began", entry, closed=True)
    assert b"no_reply" not in render_history("s", hidden, size=1, today=TODAY, following=None)
    assert hide(turns, lambda index, on: False) == turns


def test_pages_together_are_the_whole() -> None:
    log = a_story({"pledge": 1}, {"outcome": "2026-04-10", "reply": "none"})
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    changes = changes_of([at for at in log if at.subject == say.SUBJECT], rules, 10**9, TODAY)
    first = page_of(changes, None, 2)
    rest = page_of(changes, (first[-1].changed_on, first[-1].position), 10)
    assert [*first, *rest] == changes


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_every_turn_has_the_levels_that_were_told_and_a_reason(chance: random.Random) -> None:
    log = a_log(chance)
    rules = Rules.none().after(at for at in log if at.subject == "policy")
    stream = [at for at in log if at.subject == say.SUBJECT]
    changes = changes_of(stream, rules, 10**9, date.max - timedelta(days=1))
    turns = history(stream, rules, changes)
    assert [(turn.changed_on, turn.before, turn.after) for turn in turns] == [
        (change.changed_on, change.before, change.after) for change in changes
    ]
    for turn in turns:
        assert turn.because or turn.cause == "policy"  # thresholds alone may have moved


def test_the_document_is_canonical_json() -> None:
    turns = turns_of(a_story({"pledge": 1}))
    document = msgspec.json.decode(render_history("uscc:1", turns, size=7, today=TODAY, following=None))
    assert (document["subject"], document["tree_size"], document["until"], document["after"]) == (
        "uscc:1",
        7,
        "2030-01-01",
        None,
    )
    assert document["changes"][0]["because"][0] == {"what": "pledge_began", "entry": 12}


def test_disowning_a_report_that_was_found_invalid_is_told_as_what_ended_the_finding() -> None:
    log = a_story(
        {"say": "ReportSubmitted", "on": "2026-03-10", "as": "报告"},
        {"say": "ReportInvalidated", "on": "2026-04-10", "report": "@报告", "fault": "enterprise"},
        {"repudiate": "@报告", "on": "2026-05-10"},
        {"outcome": "2026-06-10"},
    )
    assert [(str(turn.changed_on), turn.after, turn.entry) for turn in turns_of(log)] == [
        ("2026-04-10", "WATCH", 12),
        ("2026-05-10", "UNRATED", 13),
        ("2026-06-10", "NORMAL", 14),
    ]
