"""`/desk/pending` and `/desk/pending/{id}`: the pledges that wait, for organizers all, for an enterprise its own.

Read alone: publishing and refusing are statements, made by `credit-ledger pending`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import add_desk_page, desk_answer, not_for_this_desk
from api.desk.roles import Officer
from api.desk.work_lists import WaitingPage, log_look, waiting_page, waiting_pledge
from api.http.errors import InvalidRequest
from api.pages.rendering import Language
from api.service.service import Service
from api.service.waiting_pledges import drop_ended
from ledger.errors import NotFound

__all__ = ["PendingContent", "router"]

PATH: Final = "/desk/pending"
_ID: Final = re.compile("[0-9a-f]{64}")
_CURSOR: Final = re.compile("([0-9]{1,12})[.]([0-9a-f]{64})")
_CAMPAIGN: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PendingContent:
    """`campaigns` can be chosen, `campaign` is ("" for all)."""

    page: WaitingPage
    campaigns: Sequence[str]
    campaign: str


def get_pending(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    campaign, after = _asked(request)
    subject = None if officer.sees_all_pending else officer.enterprise
    if not officer.sees_all_pending and subject is None:
        log_look(service, request, officer, "refused")
        raise not_for_this_desk()
    log_look(service, request, officer, "served", subject)
    page = waiting_page(service, subject=subject, campaign=campaign or None, after=after)
    ids = sorted(one.removeprefix("campaign:") for one in service.governance.campaigns)
    content = PendingContent(page, ids, campaign)
    title = ("等候公布的承诺", "Pledges that wait")
    return desk_answer(request, "desk/pending.html", PATH, language, title, content, officer=officer)


def get_one(request: Request, language: Language, officer: Officer) -> Response:
    """Another enterprise's is not found, like one that is not there; the question is logged."""
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    if not _ID.fullmatch(name):
        raise NotFound("no such statement waits here")
    if not officer.sees_all_pending and officer.enterprise is None:
        log_look(service, request, officer, "refused")
        raise not_for_this_desk()
    drop_ended(service)
    row = service.desk.get(bytes.fromhex(name))
    if row is None or not officer.sees_pending_of(row.subject):
        log_look(service, request, officer, "refused", officer.enterprise)
        raise NotFound("no such statement waits here")
    log_look(service, request, officer, "served", row.subject)
    title = ("等候公布的承诺", "A pledge that waits")
    content = waiting_pledge(service, row)
    path = f"{PATH}/{name}"
    return desk_answer(request, "desk/waiting_pledge.html", path, language, title, content, officer=officer)


def _asked(request: Request) -> tuple[str, tuple[int, bytes] | None]:
    """The campaign, and after which row. Raises `InvalidRequest`."""
    campaign, cursor = request.query_params.get("campaign", ""), request.query_params.get("cursor", "")
    if campaign and not _CAMPAIGN.fullmatch(campaign):
        raise InvalidRequest("pending.campaign", "没有该活动", "there is no such campaign")
    if not cursor:
        return campaign, None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidRequest("pending.cursor", "cursor 应取自上一页", "a cursor is what the page before gave")
    return campaign, (int(match[1]), bytes.fromhex(match[2]))


add_desk_page(router, PATH, get_pending, parameters=frozenset({"campaign", "cursor"}))
add_desk_page(router, f"{PATH}/{{name}}", get_one)
