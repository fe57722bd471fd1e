"""Working days follow the published calendar, and nothing where none was published."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.charter.default_policies import calendar_2026
from ledger.domain.values.dates import add_months, month_of, shanghai_date
from ledger.domain.values.working_days import add_working_days, is_working_day
from ledger.errors import Refused

CALENDARS = {2026: calendar_2026()}


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 16), True),  # a Monday
        (date(2026, 3, 15), False),  # a Sunday
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 2, 14), True),  # a Saturday that makes up for it
    ],
)
def test_holidays_and_exchanged_weekends_are_data(day: date, works: bool) -> None:
    assert is_working_day(CALENDARS, day) is works


def test_the_day_of_the_notice_does_not_count() -> None:
    assert add_working_days(CALENDARS, date(2026, 3, 2), 5) == date(2026, 3, 9)
    assert add_working_days(CALENDARS, date(2026, 2, 13), 3) == date(2026, 2, 25)
    assert add_working_days(CALENDARS, date(2026, 3, 2), 0) == date(2026, 3, 2)


def test_a_year_without_a_calendar_is_an_error_that_names_it() -> None:
    with pytest.raises(Refused, match="2027") as caught:
        add_working_days(CALENDARS, date(2026, 12, 30), 5)
    assert caught.value.rule == "calendar.year_uncovered"
    assert "2027" in caught.value.zh


def test_2026_has_248_working_days() -> None:
    days = (date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365))
    assert sum(is_working_day(CALENDARS, day) for day in days) == 248


def test_months_clamp_to_the_months_end() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert add_months(date(2026, 12, 15), 12) == date(2027, 12, 15)
    assert add_months(date(9999, 12, 1), 1) == date.max


def test_a_day_begins_at_midnight_in_shanghai() -> None:
    assert shanghai_date(1_773_590_399) == date(2026, 3, 15)
    assert shanghai_date(1_773_590_400) == date(2026, 3, 16)
    assert month_of(date(2026, 3, 16)) == "2026-03"
