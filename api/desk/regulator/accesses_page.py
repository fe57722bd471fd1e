"""`/desk/accesses`: who read what is not public, a day's looks or those about an enterprise; beside them the digests
that the book has of past days, and whether the chosen day's rows are still those that its digest was made of.

The look at this page is written down before its rows are read: it stands among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk
from api.desk.list_filters import not_from_the_page_before
from api.desk.navigation import room_at
from api.desk.regulator.event_rows import party_name
from api.desk.roles import Officer
from api.desk.work_lists import AT_THE_DESK, DESK_PURPOSE, log_look
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import SHANGHAI, Service
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.state.access_log import Access, day_digest
from ledger.domain.values.subject import ACCESS
from ledger.limits import ACCESSES_DESK_PAGE_MAX, ACCESSES_PAGE_MAX

__all__ = ["AccessesContent", "router"]

PATH: Final = "/desk/accesses"
_PARAMETERS: Final = frozenset({"subject", "day", "cursor"})
_DIGITS_MAX: Final = 15
_DIGESTS_SHOWN: Final = 14
_OUTCOMES: Final[Mapping[str, Word]] = {
    "served": Word("已提供", "served", "pledged"),
    "refused": Word("已拒绝", "refused", "closed"),
    "stored": Word("已存入", "stored"),
}
_VERDICTS: Final[Mapping[str, Word]] = {
    "same": Word(
        "相符：这一天的记录与账本中的摘要一致", "they match: these are the rows that the digest was made of", "good"
    ),
    "changed": Word("不符：记录在公布摘要后被改动、增加或删除", "they do NOT match: rows were changed since", "closed"),
    "open": Word("尚未公布这一天的摘要", "no digest of this day is registered yet"),
}

router = APIRouter()


class AccessRow(NamedTuple):
    """A look at what is not public, as officers' lists show it.

    `subject_id` names the enterprise in addresses, None where the look was about none; `room` is the desk at which it
    was looked, None for programs; `purpose` as it was said, in both languages where a desk said it. Time in
    Asia/Shanghai.
    """

    access: Access
    at: datetime
    party_name: Word | None
    outcome: Word
    subject_id: str | None
    room: Word | None
    purpose: Word


class DigestRow(NamedTuple):
    """A digest as the book has it, by entry `entry`."""

    entry: int
    day: date
    looks: int


@dataclass(frozen=True, slots=True)
class AccessesContent:
    """A page of the access log.

    `typed`: what was asked for; `wrong` by field. `verdict`: whether the day's rows match their digest, None where
    no day was asked for. `about_itself`: an enterprise reads who read what is about it.
    """

    typed: Mapping[str, str]
    wrong: Mapping[str, Word]
    rows: Sequence[AccessRow]
    following: str
    digests: Sequence[DigestRow]
    verdict: Word | None
    about_itself: bool


def get_accesses(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    if not officer.sees_closed and officer.enterprise is None:
        log_look(request, officer, "refused")
        raise not_for_this_desk()
    typed = {name: request.query_params.get(name, "").strip() for name in sorted(_PARAMETERS)}
    if not officer.sees_closed:
        typed["subject"] = officer.enterprise or ""
    wrong: dict[str, Word] = {}
    subject, day, before = _subject(typed, wrong), _day(typed, wrong), _before(typed, wrong)
    if subject is None and day is None and not wrong:
        day = service.today()
        typed["day"] = str(day)
    rows: Sequence[Access] = ()
    if not wrong:
        log_look(request, officer, "served", subject)
        rows = service.store.accesses.newest(day=day, subject=subject, before=before, limit=ACCESSES_DESK_PAGE_MAX)
    digests = _digests(service) if officer.sees_closed else []
    more = len(rows) == ACCESSES_DESK_PAGE_MAX
    content = AccessesContent(
        typed,
        wrong,
        [_row(service, one) for one in rows],
        urlencode({**{k: v for k, v in typed.items() if v}, "cursor": rows[-1].number}) if more else "",
        [DigestRow(entry, one.day, one.count) for entry, one in digests[-_DIGESTS_SHOWN:]][::-1],
        _VERDICTS[_verdict(service, digests, day)] if day is not None and officer.sees_closed else None,
        not officer.sees_closed,
    )
    title = ("查阅日志", "Access log")
    answer = desk_answer(request, language, officer, PageTemplate("desk/regulator/accesses.html", PATH, title), content)
    answer.status_code = 422 if wrong else 200
    return answer


def _row(service: Service, access: Access) -> AccessRow:
    room = room_at(access.resource)
    return AccessRow(
        access,
        datetime.fromtimestamp(access.at, SHANGHAI),
        party_name(service, access.party),
        _OUTCOMES[access.outcome],
        None if access.subject is None else name_of(access.subject),
        None if room is None else room.word,
        AT_THE_DESK if access.purpose == DESK_PURPOSE else Word(access.purpose, access.purpose),
    )


def _digests(service: Service) -> list[tuple[int, AccessDigestPublished]]:
    """Every digest of the book with the entry that registered it, by day."""
    return [(at.index, at.event) for at in service.feed.subject(ACCESS) if isinstance(at.event, AccessDigestPublished)]


def _verdict(service: Service, digests: Sequence[tuple[int, AccessDigestPublished]], day: date) -> str:
    """Whether the rows of the day give the digest again that was registered of them."""
    registered = next((one for _, one in digests if one.day == day), None)
    if registered is None:
        return "open"
    found = day_digest(day, registered.previous, _all_of(service, day))
    return "same" if found == (registered.digest, registered.count) else "changed"


def _all_of(service: Service, day: date) -> Iterator[Access]:
    after = 0
    while page := service.store.accesses.of_day(day, after=after, limit=ACCESSES_PAGE_MAX):
        yield from page
        after = page[-1].number


def _subject(typed: Mapping[str, str], wrong: dict[str, Word]) -> str | None:
    if not typed["subject"]:
        return None
    try:
        return subject_of(typed["subject"])
    except InvalidRequest as error:
        wrong["subject"] = Word(error.zh, error.en)
        return None


def _day(typed: Mapping[str, str], wrong: dict[str, Word]) -> date | None:
    if not typed["day"]:
        return None
    try:
        return date.fromisoformat(typed["day"])
    except ValueError:
        wrong["day"] = Word("请写成 2026-03-15 这样的日期", "a date is written like 2026-03-15")
        return None


def _before(typed: Mapping[str, str], wrong: dict[str, Word]) -> int | None:
    text = typed["cursor"]
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return int(text)
    problem = not_from_the_page_before("accesses.cursor")
    wrong["cursor"] = Word(problem.zh, problem.en)
    return None


add_desk_page(router, PATH, get_accesses, parameters=_PARAMETERS)
