"""Deadlines of complaint files: working days of the signed calendar, and suspensions that give their days back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.desk.complaints.legal_clock import Suspension, due_on, working_days_between
from api.desk.complaints.legal_terms import TERMS, terms_on
from ledger.charter.default_policies import calendar_2026
from ledger.domain.values.working_days import add_working_days, is_working_day

CALENDARS = {2026: calendar_2026()}
FIRST = date(2026, 1, 4)


def suspended(since: date, until: date | None) -> Suspension:
    return Suspension(since, until, "等待鉴定")


@st.composite
def courses(draw: st.DrawFn) -> tuple[date, int, Sequence[Suspension]]:
    """A clock of some days, and suspensions one after the other, some of which began before it or after it lapsed."""
    start = FIRST + timedelta(days=draw(st.integers(0, 60)))
    days = draw(st.integers(1, 30))
    found, day = [], start - timedelta(days=draw(st.integers(0, 10)))
    for _ in range(draw(st.integers(0, 4))):
        since = day + timedelta(days=draw(st.integers(0, 20)))
        day = since + timedelta(days=draw(st.integers(0, 12)))
        found.append(suspended(since, day))
    return start, days, found


@given(courses())
def test_days_suspended_are_added_back_exactly(course: tuple[date, int, Sequence[Suspension]]) -> None:
    start, days, suspensions = course
    due = due_on(CALENDARS, start, days, suspensions)
    assert due is not None
    between = [start + timedelta(days=one) for one in range(1, (due - start).days + 1)]
    lost = sum(
        is_working_day(CALENDARS, day) and any(one.since < day <= one.until for one in suspensions if one.until)
        for day in between
    )
    assert working_days_between(CALENDARS, start, due) == days + lost
    assert due == add_working_days(CALENDARS, start, days + lost)
    assert is_working_day(CALENDARS, due)
    assert not any(one.covers(due) for one in suspensions), "it is due on a day that counts"


@given(courses(), st.integers(0, 40))
def test_a_clock_that_stands_has_no_deadline_and_one_that_had_lapsed_keeps_it(
    course: tuple[date, int, Sequence[Suspension]], later: int
) -> None:
    start, days, suspensions = course
    due = due_on(CALENDARS, start, days, suspensions)
    assert due is not None
    last = max((one.until for one in suspensions if one.until), default=start)
    since = max(start + timedelta(days=later), last)
    with_open = due_on(CALENDARS, start, days, [*suspensions, suspended(since, None)])
    assert with_open == (due if due <= since else None)


def test_a_clock_counts_by_the_signed_calendar() -> None:
    # ten working days over the spring festival of 2026: 16 to 20 and 23 February do not work, the 14th and 28th do
    assert due_on(CALENDARS, date(2026, 2, 12), 10, ()) == add_working_days(CALENDARS, date(2026, 2, 12), 10)
    assert due_on(CALENDARS, date(2026, 2, 13), 1, ()) == date(2026, 2, 14)


def test_terms_are_those_of_the_day_of_receipt() -> None:
    assert terms_on(date(2026, 4, 14)).source_en.endswith("20)")
    assert terms_on(date(2026, 4, 15)).source_en.endswith("121)")
    assert [one.since for one in TERMS] == sorted(one.since for one in TERMS)
