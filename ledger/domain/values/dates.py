"""Calendar dates and months: where the day begins (Asia/Shanghai), and how months are added."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

__all__ = ["add_months", "month_of", "shanghai_date"]

_DAY_SECONDS: Final = 86_400
_OFFSET_SECONDS: Final = 8 * 3_600  # UTC+8, without summer time since 1991
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def shanghai_date(unix_seconds: int) -> date:
    """The Asia/Shanghai calendar date at a Unix time."""
    return date.fromordinal(_EPOCH_DAY + (unix_seconds + _OFFSET_SECONDS) // _DAY_SECONDS)


def add_months(day: date, months: int) -> date:
    """`day` moved by a number of months (at least 0), clamped to the month's end; past the year 9999: `date.max`."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_of(day: date) -> str:
    """The month of a date as `YYYY-MM`; such strings sort by time."""
    return day.isoformat()[:7]
