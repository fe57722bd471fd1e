"""Deadlines in working days of the signed calendar, and suspensions that give their days back.

A suspension stops every clock that runs: working days after the one on which it began, up to the one on which it
ended, do not count. What had lapsed before it began stays lapsed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from api.desk.complaints.legal_terms import Term
from ledger.domain.values.working_days import WorkCalendar, is_working_day
from ledger.errors import Refused

__all__ = ["Calendars", "LegalClock", "Suspension", "due_on", "working_days_between"]

Calendars = Mapping[int, WorkCalendar]
_ONE_DAY = timedelta(days=1)


class Suspension(NamedTuple):
    """Days after `since` up to `until` do not count; None: it lasts."""

    since: date
    until: date | None
    reason: str

    def covers(self, day: date) -> bool:
        return self.since < day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class LegalClock:
    """A clock of a file: `days` working days from `start`, which does not count.

    `due` is None while a suspension lasts, or where no calendar covers the years (`uncovered`). `ended_on`: the day of
    the step for which it ran, None while it runs.
    """

    term: Term
    start: date
    days: int
    due: date | None
    uncovered: bool
    suspended: bool
    ended_on: date | None

    def late(self, today: date) -> bool:
        """Whether it lapsed before its step was made, or lapses unmade by today."""
        return self.due is not None and (self.ended_on or today) > self.due


def due_on(calendars: Calendars, start: date, days: int, suspensions: Sequence[Suspension]) -> date | None:
    """The `days`-th working day after `start` that no suspension covers; None where one that lasts comes before it.

    Raises `Refused` (`calendar.year_uncovered`) naming the first year that no calendar covers.
    """
    day = start
    while days > 0:
        day += _ONE_DAY
        if any(one.until is None and one.covers(day) for one in suspensions):
            return None
        if is_working_day(calendars, day) and not any(one.covers(day) for one in suspensions):
            days -= 1
    return day


def clock(
    calendars: Calendars, term: Term, start: date, days: int, suspensions: Sequence[Suspension], ended_on: date | None
) -> LegalClock:
    """The clock as it stands. Suspensions that began after its step was made are none of it."""
    held = [one for one in suspensions if ended_on is None or one.since < ended_on]
    suspended = ended_on is None and any(one.until is None for one in held)
    try:
        due = due_on(calendars, start, days, held)
    except Refused:
        return LegalClock(term, start, days, None, True, suspended, ended_on)
    return LegalClock(term, start, days, due, False, suspended and due is None, ended_on)


def working_days_between(calendars: Calendars, start: date, end: date) -> int:
    """Working days after `start` up to `end`; negative where `end` comes first. Raises `Refused` as `due_on`."""
    if end < start:
        return -working_days_between(calendars, end, start)
    count, day = 0, start
    while day < end:
        day += _ONE_DAY
        count += is_working_day(calendars, day)
    return count
