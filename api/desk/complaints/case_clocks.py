"""The clocks of a complaint file, and what they say of the enterprise's reply. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.desk.complaints.case_file import CaseFile
from api.desk.complaints.legal_clock import Calendars, LegalClock, clock
from api.desk.complaints.legal_terms import Term, terms_on
from ledger.domain.events.complaint import Reply
from ledger.domain.values.working_days import add_working_days
from ledger.errors import Refused

__all__ = ["ClockRules", "clocks_of", "next_due", "publishable_from", "reply_due", "reply_of", "reply_window_over"]


@dataclass(frozen=True, slots=True)
class ClockRules:
    """What deadlines are counted by: the signed calendars, and the working days that the registration policy wants
    between the notice and its publication."""

    calendars: Calendars
    notice_days: int


def clocks_of(file: CaseFile, rules: ClockRules) -> tuple[LegalClock, ...]:
    """Every clock that ran or runs, in the order of the steps."""
    terms, found = terms_on(file.registered.received_on), []

    def ran(term: Term, start: date | None, ended_on: date | None) -> None:
        if start is not None:
            days: int = getattr(terms, term)
            found.append(clock(rules.calendars, term, start, days, file.suspensions, ended_on))

    ran("accept", file.registered.received_on, file.decided_on or file.closed_on)
    ran("forward", file.accepted_on, file.forwarded_on or file.closed_on)
    ran("reply", file.forwarded_on, file.replied_on or file.mediated_on or file.closed_on)
    ran("mediate", file.accepted_on, file.closed_on)
    ran("notify", file.closed_on, file.told_on)
    if file.stage == "notified":
        ran("publish", publishable_from(file, rules), None)
    return tuple(found)


def next_due(file: CaseFile, rules: ClockRules) -> date | None:
    """The earliest day on which something that is still to be done is due; None where nothing runs."""
    due = [one.due for one in clocks_of(file, rules) if one.ended_on is None and one.due is not None]
    return min(due, default=None)


def reply_due(file: CaseFile, rules: ClockRules) -> date | None:
    """Until when the enterprise has time to reply, suspensions added; None while one lasts, or where nobody asked."""
    if file.forwarded_on is None:
        return None
    days = terms_on(file.registered.received_on).reply
    return clock(rules.calendars, "reply", file.forwarded_on, days, file.suspensions, file.replied_on).due


def reply_of(file: CaseFile, rules: ClockRules) -> Reply:
    """Whether it replied, and in time. A deadline that nobody can count is one that nobody missed."""
    if file.replied_on is None:
        return "none"
    due = reply_due(file, rules)
    return "late" if due is not None and file.replied_on > due else "timely"


def reply_window_over(file: CaseFile, rules: ClockRules, today: date) -> bool:
    """Whether the enterprise had its say: it replied, or the time for it is over."""
    due = reply_due(file, rules)
    return file.replied_on is not None or (due is not None and due < today)


def publishable_from(file: CaseFile, rules: ClockRules) -> date | None:
    """The first day on which the outcome may be published: so many working days after the notice, and where nobody
    replied, after the month in which the reply was due. None before the notice, or where no calendar covers it."""
    if file.notified_on is None:
        return None
    try:
        first = add_working_days(rules.calendars, file.notified_on, rules.notice_days)
    except Refused:
        return None
    due = reply_due(file, rules)
    if file.replied_on is None and due is not None and file.outcome not in ("withdrawn", "transferred", "not_accepted"):
        after = date(due.year + due.month // 12, due.month % 12 + 1, 1)
        return max(first, after)
    return first
