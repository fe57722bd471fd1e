"""`/desk/erasures`: for data officers, what of an enterprise can be erased, is held or was erased; without one the
newest holds and erasures of the whole book. Each act is a form, filled in.

It says the types of sealed entries, not what they say; each look is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.data_officer.erasable import BodyRow, Erasable, FileRow, HoldRow, bodies_of, files_of, holds_of
from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk
from api.desk.list_filters import not_from_the_page_before
from api.desk.regulator.event_rows import ListedEvent, listed
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.state.legal_hold import LEGAL_HOLDS
from ledger.limits import ERASURES_PAGE_MAX, LEAF_INDEX_ASKED_MAX
from projections.search.event_search import EventQuery

__all__ = ["ErasuresContent", "router"]

PATH: Final = "/desk/erasures"
_PARAMETERS: Final = frozenset({"subject", "before"})
_ERASURES: Final = ("BodyErased", "AttachmentErased", "AnnexTakenDown")

router = APIRouter()


class PlacedHold(NamedTuple):
    """A hold of the whole book; `released_by` is the entry that ended it, None while it lasts."""

    event: ListedEvent
    released_by: int | None


@dataclass(frozen=True, slots=True)
class OneEnterprise:
    """What can be said about an enterprise. `following` is the query of the next page of bodies, "" for none."""

    subject: str
    id: str
    name: str | None
    bodies: Sequence[BodyRow]
    following: str
    attachments: Sequence[FileRow]
    annexes: Sequence[FileRow]
    holds: Sequence[HoldRow]
    place_hold: str


@dataclass(frozen=True, slots=True)
class ErasuresContent:
    """`typed`: the enterprise that was asked for, `wrong` what is the matter with it. `one` is None without one; then
    `placed` and `erasures` are of the whole book, the newest first."""

    typed: str
    wrong: Word | None
    one: OneEnterprise | None
    placed: Sequence[PlacedHold]
    erasures: Sequence[ListedEvent]


def get_erasures(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    if "data_officer" not in officer.roles:
        log_look(request, officer, "refused")
        raise not_for_this_desk()
    typed, wrong = request.query_params.get("subject", "").strip(), None
    before = _before(request.query_params.get("before", ""))
    subject: str | None = None
    try:
        subject = subject_of(typed) if typed else None
    except InvalidRequest as error:
        wrong = Word(error.zh, error.en)
    log_look(request, officer, "served", subject)
    one = None if subject is None else _enterprise(service, officer, subject, before)
    if subject is not None and one is None:
        wrong = Word("账本中没有这家企业的记录", "the book has no entry about this enterprise")
    placed = () if typed else _placed(service)
    erasures = () if typed else _erasures(service)
    content = ErasuresContent(typed, wrong, one, placed, erasures)
    title = ("删除与保全", "Erasures and holds")
    status = 422 if wrong else 200
    return desk_answer(
        request, language, officer, PageTemplate("desk/data_officer/erasures.html", PATH, title), content, status=status
    )


def _enterprise(service: Service, officer: Officer, subject: str, before: int | None) -> OneEnterprise | None:
    record = service.feed.record(subject)
    if record is None:
        return None
    asked = Erasable.now(service, officer, record)
    bodies, following = bodies_of(asked, before, ERASURES_PAGE_MAX)
    attachments, annexes = files_of(asked)
    known = service.views.search.enterprises([subject])
    return OneEnterprise(
        subject,
        name_of(subject),
        known[subject].name if subject in known else None,
        bodies,
        "" if following is None else urlencode({"subject": subject, "before": following}),
        attachments[:ERASURES_PAGE_MAX],
        annexes[:ERASURES_PAGE_MAX],
        holds_of(asked),
        asked.form("LegalHoldPlaced"),
    )


def _placed(service: Service) -> list[PlacedHold]:
    found = service.views.events.page(EventQuery(type="LegalHoldPlaced"), ERASURES_PAGE_MAX).found
    records = {subject: service.feed.record(subject) for subject in {one.subject for one in found}}
    holds = {subject: LEGAL_HOLDS.of(record) for subject, record in records.items() if record is not None}
    rows = []
    for event in listed(service, found):
        hold = holds[event.subject].get(event.entry) if event.subject in holds else None
        rows.append(PlacedHold(event, None if hold is None else hold.released_by))
    return rows


def _erasures(service: Service) -> list[ListedEvent]:
    pages = (service.views.events.page(EventQuery(type=one), ERASURES_PAGE_MAX).found for one in _ERASURES)
    newest = sorted((hit for page in pages for hit in page), key=lambda one: one.entry, reverse=True)
    return listed(service, newest[:ERASURES_PAGE_MAX])


def _before(text: str) -> int | None:
    """Raises `InvalidRequest`."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15 and int(text) <= LEAF_INDEX_ASKED_MAX:
        return int(text)
    raise not_from_the_page_before("erasures.before")


add_desk_page(router, PATH, get_erasures, parameters=_PARAMETERS)
