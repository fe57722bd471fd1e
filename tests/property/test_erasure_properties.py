"""Erasing any body that may be erased leaves every standing from that day on as it would have been."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from ledger.domain.events.base import Recorded
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.rules import erasure
from ledger.domain.rules.counting import conduct, counts_until
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.fold import SLOTS, fold, without
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from projections.standing.evaluate import Case, policies_of
from projections.standing.facts_from_record import facts_of
from projections.standing.policy_timeline import Rules
from tests.property.test_course_properties import governing
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, HANDLING_COLLEAGUE
from tests.support.histories import histories
from tests.support.statements import ENTERPRISE as SUBJECT
from tests.support.statements import TODAY, assessed, corrected, outcome, replied, speaker_of

_OUTCOMES: tuple[dict[str, Any], ...] = (
    {},
    {"reply": "late", "reply_due": "2026-01", "outcome": "refused", "reason": "拒绝", "substantive_reply": True},
    {"reply": "none", "replied": None, "outcome": "refused", "reason": "拒绝"},
    {"reply": "none", "replied": None, "outcome": "ended_without_agreement", "reason": "未达成"},
    {"outcome": "refused", "reason": "拒绝"},
    {"forwarded": None, "reply_due": None, "replied": None, "reply": "none", "outcome": "withdrawn"},
)
MOVES = ("outcome", "many outcomes", "correct", "void", "assess", "reply", "repudiate", "wait")
_BASIS = ("closed", "unweighed", "decided_at_size")  # counts of what lies in the book: no part of what is said of it


def a_book(moves: list[tuple[str, int]]) -> Book:
    book = Book().with_enterprise()
    book.with_pledge()
    outcomes: list[int] = []
    assessed_once = False
    for name, pick in moves:
        today = book.clock.today
        try:
            if name in ("outcome", "many outcomes"):
                for _ in range(1 if name == "outcome" else 22):
                    told = today - timedelta(days=60)
                    said = outcome(
                        len(book.events), effective_on=today, notified_on=told, **_OUTCOMES[pick % len(_OUTCOMES)]
                    )
                    outcomes.append(book.say(said, by=HANDLING_BODY).index)
            elif name in ("correct", "void") and outcomes:
                root = outcomes[pick % len(outcomes)]
                fix = corrected(root, effective_on=today, outcome="settled", void=name == "void")
                book.say(fix, by=HANDLING_COLLEAGUE)
            elif name == "assess" and not assessed_once:
                result = ("full", "partial", "none")[pick % 3]
                more = {} if result == "full" else {"unmet": "未", "accountability": "改"}
                period = {"period_until": min(today, date(2027, 3, 14))}
                book.say(assessed(effective_on=today, result=result, **period, **more))
                assessed_once = True
            elif name == "reply" and outcomes:
                said_ = replied(outcomes[pick % len(outcomes)], effective_on=today)
                book.say(said_, by=speaker_of(SUBJECT))
            elif name == "repudiate":
                entry = sorted(book.record.entries)[pick % len(book.record.entries)]
                book.say(StatementRepudiated(v=1, effective_on=today, entry=entry, word="否认"))
            elif name == "wait":
                book.clock.advance(days=pick % 120)
        except Refused:
            continue  # not every move is possible everywhere
    return book


def standings(book: Book, record: EnterpriseRecord) -> Iterator[tuple[date, object]]:
    """What is said on today and on every later day on which it may change, and some between."""
    case = Case(policies_of(book.governance), facts_of(record, SUBJECT))
    start = book.clock.today
    days = {start + timedelta(days=17 * step) for step in range(90)}
    days.update(segment.from_on for segment in case.segments(start))
    for day in sorted(days):
        said = structs.replace(case.on(day), **dict.fromkeys(_BASIS, 0))
        if not said.conditions.live_public_pledge:  # a period that was kept matters beside a live pledge only
            said = structs.replace(
                said,
                conditions=structs.replace(said.conditions, period_kept_in_full=False),
                unmet=tuple(need for need in said.unmet if need.need != "period_kept_in_full"),
            )
        yield day, said


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1_000)), max_size=10), st.integers(0, 1_300))
def test_erasing_any_erasable_body_changes_no_standing_from_that_day_on(
    moves: list[tuple[str, int]], days: int
) -> None:
    book = a_book(moves)
    book.clock.advance(days=days)
    for entry, ref in sorted(book.record.entries.items()):
        if not ref.has_body or entry in book.record.erased:
            continue
        before = dict(standings(book, book.record))
        try:
            _erase(book, entry)
        except Refused as error:
            if error.rule not in ("erasure.still_counts", "erasure.outcome_first"):
                raise
            continue
        after = dict(standings(book, book.record))
        assert all(before[day] == after[day] for day in before.keys() & after.keys())


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 900))
def test_what_an_entry_is_read_together_with_decides_as_the_whole_record_does(
    events: list[Recorded], days: int
) -> None:
    record = fold(None, events)
    assert record is not None
    standing = Rules.none().after(governing(-20, TODAY, TODAY)).governance.policies.standing
    today = TODAY + timedelta(days=days)
    readers = [noun.bearing for noun in SLOTS.values() if noun.bearing is not None]
    for entry in record.entries:
        gone = without(record, entry)
        whole = [read(record) for read in readers], [read(gone) for read in readers]
        some = erasure._bearings(record, gone, entry)
        until = counts_until(record, gone, whole, standing, today)
        assert counts_until(record, gone, some, standing, today) == until
        assert (entry in conduct(some[0])) == (entry in conduct(whole[0]))
        left = bool(conduct(whole[1]) or gone.on_record or any(one.terms for one in whole[1]))
        assert erasure._on_record(gone) == left
        assert (bool(conduct(some[0])) and not left) == (bool(conduct(whole[0])) and not left)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1_000)), max_size=8))
def test_on_the_day_that_a_refusal_names_the_body_may_be_erased(moves: list[tuple[str, int]]) -> None:
    book = a_book(moves)
    for entry in sorted(book.record.entries):
        try:
            _erase(book, entry)
        except Refused as error:
            if error.rule == "erasure.still_counts":
                book.clock.go_to(date.fromisoformat(error.detail))
                _erase(book, entry)
                return


def _erase(book: Book, entry: int) -> None:
    event = BodyErased(v=1, effective_on=book.clock.today, entry=entry, ground="依申请")
    try:
        book.say(event, by=DATA_OFFICER)
    except Refused as error:
        if error.rule != "erasure.last_on_record":
            raise
        book.say(structs.replace(event, on_record=True), by=DATA_OFFICER)


def test_what_will_be_gone_is_what_an_erasure_takes_out() -> None:
    book = a_book([("outcome", 5), ("outcome", 5)])
    entry = max(OUTCOMES.of(book.record).by_entry)
    expected = without(book.record, entry)
    _erase(book, entry)
    assert OUTCOMES.of(book.record).by_entry == OUTCOMES.of(expected).by_entry
    assert book.clock.today == TODAY
