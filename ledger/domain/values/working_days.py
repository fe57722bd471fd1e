"""Working days, by the calendars that the State Council publishes: data in the book, since no library knows next year.

A day works if it is a weekday and no published holiday, or a weekend day that is published as working.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import date, timedelta
from typing import Protocol

from ledger.errors import Refused

__all__ = ["WorkCalendar", "add_working_days", "is_working_day", "works_by"]

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


class WorkCalendar(Protocol):
    """The calendar of one year: weekdays that do not work, and days of weekends that do."""

    @property
    def holidays(self) -> Container[date]: ...

    @property
    def workdays(self) -> Container[date]: ...


def is_working_day(calendars: Mapping[int, WorkCalendar], day: date) -> bool:
    """Whether `day` works. Raises `Refused` naming the year, if no calendar was published for it."""
    calendar = calendars.get(day.year)
    if calendar is None:
        raise Refused(
            "calendar.year_uncovered",
            f"{day.year} 年的工作日历尚未发布，无法计算工作日",
            f"no work calendar is published for {day.year}, so working days cannot be counted",
            str(day.year),
        )
    return works_by(calendar, day)


def works_by(calendar: WorkCalendar, day: date) -> bool:
    """Whether `day` works by the calendar of its year."""
    return day in calendar.workdays if day.weekday() >= _SATURDAY else day not in calendar.holidays


def add_working_days(calendars: Mapping[int, WorkCalendar], day: date, count: int) -> date:
    """The `count`-th working day after `day` (which itself does not count); `day` where `count` is 0.

    Raises `Refused` naming the first year that no calendar covers.
    """
    while count > 0:
        day += _ONE_DAY
        if is_working_day(calendars, day):
            count -= 1
    return day
