"""The work list of complaint files: its filters as the address has them, and the rows that they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple, get_args
from urllib.parse import urlencode

from api.desk.complaints.case_file import Stage
from api.desk.complaints.case_keeping import ComplaintFiles, OpenedCase
from api.desk.complaints.case_words import STAGES
from api.desk.complaints.legal_clock import Calendars, working_days_between
from api.desk.list_filters import not_from_the_page_before, require_choice
from api.desk.roles import Officer
from api.http.enterprise_ids import name_of, subject_of
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.values.working_days import add_working_days
from ledger.errors import Refused
from ledger.limits import COMPLAINT_ALERT_WORKING_DAYS, COMPLAINTS_PAGE_MAX
from ledger.store.desk_complaints import ComplaintFilter, ComplaintSort

__all__ = ["CHOICES", "PARAMETERS", "CaseRow", "WorkList", "WorkListQuery", "alert_of", "asked", "work_list"]

PARAMETERS: Final = frozenset({"stage", "holder", "due", "enterprise", "sort", "cursor"})
_STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
_OPEN: Final = tuple(one for one in _STAGES if one != "published")
_CURSOR_CHARS_MAX: Final = 40
#: What the filters offer.
CHOICES: Final[Mapping[str, Mapping[str, Word]]] = {
    "stage": {
        "open": Word("未公布", "not published"),
        "all": Word("全部", "all"),
        **{str(one): STAGES[one] for one in _STAGES},
    },
    "holder": {
        "all": Word("全部", "all"),
        "mine": Word("我的", "mine"),
        "nobody": Word("无人接手", "nobody's"),
    },
    "due": {
        "any": Word("全部", "any"),
        "soon": Word("即将到期和逾期", "soon or overdue"),
        "over": Word("逾期", "overdue"),
    },
    "sort": {
        "due": Word("先到期的在前", "due first"),
        "received": Word("先收到的在前", "oldest first"),
        "-received": Word("后收到的在前", "newest first"),
    },
}


@dataclass(frozen=True, slots=True)
class WorkListQuery:
    """As the address has it. `stage`: open, all or one; `holder`: all, mine, nobody; `due`: any, soon, over."""

    stage: str = "open"
    holder: str = "all"
    due: str = "any"
    enterprise: str = ""
    sort: ComplaintSort = "due"
    cursor: str = ""

    def address(self, **other: str) -> str:
        """The query of the same list with something else; what is usual is left out."""
        said = {
            name: getattr(self, name) for name in ("stage", "holder", "due", "enterprise", "sort", "cursor")
        } | other
        usual = WorkListQuery()
        return urlencode({name: value for name, value in said.items() if value != getattr(usual, name)})


class CaseRow(NamedTuple):
    """A row. `alert` None: nothing is due soon. `product` None: the file is erased."""

    number: str
    enterprise: str | None
    name: str | None
    product: str | None
    stage: Word
    suspended: bool
    due_on: date | None
    alert: Word | None
    holder: str | None
    received_on: date


class WorkList(NamedTuple):
    """`cursor` leads to the next page, empty where these are the last."""

    rows: list[CaseRow]
    cursor: str


def asked(given: Mapping[str, str]) -> WorkListQuery:
    """What an address asks for. Raises `InvalidRequest` naming what is not known there."""
    query = WorkListQuery(**{name: given[name] for name in PARAMETERS if given.get(name)})  # type: ignore[arg-type]
    for name, choices in CHOICES.items():
        require_choice(f"complaints.{name}", name, getattr(query, name), choices)
    return query


def work_list(service: Service, files: ComplaintFiles, officer: Officer, query: WorkListQuery) -> WorkList:
    """A page of the body's files. Raises `InvalidRequest`, `Unavailable`."""
    today, calendars = service.today(), service.governance.calendars
    found = service.store.desk_complaints.list(
        ComplaintFilter(
            officer.party,
            stages={"open": _OPEN, "all": None}.get(query.stage, (query.stage,)),
            holder={"mine": officer.officer, "nobody": ""}.get(query.holder),
            subject=subject_of(query.enterprise) if query.enterprise else None,
            due_until=_due_until(query.due, calendars, today),
        ),
        sort=query.sort,
        after=_after(query.cursor),
        limit=COMPLAINTS_PAGE_MAX,
    )
    named = service.views.search.enterprises(sorted({one.subject for one in found if one.subject}))
    names = {subject: one.name for subject, one in named.items()}
    rows = [_row(one, names, calendars, today) for one in files.read(found)]
    full = len(found) == COMPLAINTS_PAGE_MAX
    return WorkList(rows, f"{found[-1].key}.{found[-1].number}" if full else "")


def alert_of(due_on: date | None, calendars: Calendars, today: date) -> Word | None:
    """What a deadline says before and after it comes."""
    if due_on is None:
        return None
    try:
        left = working_days_between(calendars, today, due_on)
    except Refused:  # no calendar reaches so far: it is not soon
        return None
    if due_on < today:
        return Word(f"逾期 {max(-left, 1)} 个工作日", f"overdue by {max(-left, 1)} working days", "alert")
    if left <= COMPLAINT_ALERT_WORKING_DAYS:
        return (
            Word("今天到期", "due today", "watch")
            if due_on == today
            else Word(f"还剩 {left} 个工作日", f"{left} working days left", "watch")
        )
    return None


def _row(opened: OpenedCase, names: Mapping[str, str], calendars: Calendars, today: date) -> CaseRow:
    row, file = opened.row, opened.file
    return CaseRow(
        row.number,
        None if row.subject is None else name_of(row.subject),
        names.get(row.subject or "") or (None if file is None else file.registered.enterprise),
        None if file is None else file.registered.product,
        STAGES[row.stage],  # type: ignore[index]  # the rules of the file write no other
        row.suspended,
        row.due_on,
        alert_of(row.due_on, calendars, today),
        row.holder,
        row.received_on,
    )


def _due_until(due: str, calendars: Calendars, today: date) -> date | None:
    if due == "any":
        return None
    if due == "over":
        return date.fromordinal(today.toordinal() - 1)
    try:
        return add_working_days(calendars, today, COMPLAINT_ALERT_WORKING_DAYS)
    except Refused:
        return today


def _after(cursor: str) -> tuple[int, str] | None:
    if not cursor:
        return None
    key, dot, number = cursor.partition(".")
    digits = key.removeprefix("-")
    if not dot or len(cursor) > _CURSOR_CHARS_MAX or not (digits.isascii() and digits.isdigit() and len(digits) < 9):
        raise not_from_the_page_before("complaints.cursor")
    return int(key), number
