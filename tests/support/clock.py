"""A clock that stands until a test moves it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from ledger.domain.values.dates import shanghai_date

__all__ = ["NOW", "Clock", "noon"]

_SHANGHAI = timezone(timedelta(hours=8))


def noon(day: date) -> int:
    """12:00 in Asia/Shanghai on a day, as a Unix time."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=_SHANGHAI).timestamp())


NOW = noon(date(2026, 3, 16))  # a Monday, the day after 3·15


class Clock:
    """Call it for the Unix second."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    @property
    def today(self) -> date:
        """The Asia/Shanghai date."""
        return shanghai_date(self.now)

    def advance(self, *, days: int = 0, seconds: int = 0) -> None:
        self.now += days * 86_400 + seconds

    def go_to(self, day: date) -> None:
        """Noon of a day."""
        self.now = noon(day)
