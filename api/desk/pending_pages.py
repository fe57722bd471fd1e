"""`/desk/pending` and `/desk/pending/{id}`: the pledges that wait, for organizers all, for an enterprise its own.

Organizers publish and refuse from here: see `staff/pending_acts.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk
from api.desk.pending_list import CHOICES, PARAMETERS, PendingQuery, asked_page, pending_query
from api.desk.roles import Officer
from api.desk.staff.pledge_codes import CodeProposals, division_of
from api.desk.work_lists import WaitingPage, WaitingPledge, log_look, waiting_pledge
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from api.service.waiting_pledges import drop_ended
from ledger.cose.statement import parse_statement
from ledger.errors import NotFound
from ledger.store.desk import Pending

__all__ = ["OnePendingContent", "PendingContent", "one_page", "router"]

PATH: Final = "/desk/pending"
_ID: Final = re.compile("[0-9a-f]{64}")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PendingContent:
    """`campaigns` can be chosen; `asked` is what the address says, `before` and `following` lead on ("": nowhere)."""

    page: WaitingPage
    campaigns: Sequence[str]
    asked: PendingQuery
    before: str
    following: str
    log: str
    choices: Mapping[str, Mapping[str, Word]] = field(default_factory=lambda: CHOICES)

    @property
    def waiting(self) -> int:
        """How many of those that are shown can be published or refused."""
        return sum(one.refused_at is None for one in self.page.pending)


@dataclass(frozen=True, slots=True)
class OnePendingContent:
    """`publication` is the form of its publication, filled in, for an officer who leaves the release to another;
    "" where nothing is to be published by whoever looks. `clauses` are those of the campaign that it takes up, in
    words; `reason` was typed to refuse it, `wrong` is what is wrong with that."""

    waiting: WaitingPledge
    publication: str
    clauses: Sequence[Word]
    reason: str = ""
    wrong: Word | None = None


def get_pending(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    asked = pending_query(request)
    subject = None if officer.sees_all_pending else officer.enterprise
    if not officer.sees_all_pending and subject is None:
        log_look(request, officer, "refused")
        raise not_for_this_desk()
    log_look(request, officer, "served", subject)
    page = asked_page(service, asked, officer)
    ids = sorted(one.removeprefix("campaign:") for one in service.governance.campaigns)
    size, end = asked.rows_max, page.offset + len(page.rows)
    before = asked.at(max(0, page.offset - size)) if page.offset else ""
    content = PendingContent(page, ids, asked, before, asked.at(end) if end < page.found else "", service.origin)
    title = ("等候公布的承诺", "Pledges that wait")
    scripts = ("desk/pending_page.js",) if officer.sees_all_pending else ()
    return desk_answer(request, language, officer, PageTemplate("desk/pending.html", PATH, title, scripts), content)


def get_one(request: Request, language: Language, officer: Officer) -> Response:
    """Another enterprise's is not found, like one that is not there; the question is logged."""
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    if not _ID.fullmatch(name):
        raise NotFound("no such statement waits here")
    if not officer.sees_all_pending and officer.enterprise is None:
        log_look(request, officer, "refused")
        raise not_for_this_desk()
    drop_ended(service)
    row = service.desk.get(bytes.fromhex(name))
    if row is None or not officer.sees_pending_of(row.subject):
        log_look(request, officer, "refused", officer.enterprise)
        raise NotFound("no such statement waits here")
    log_look(request, officer, "served", row.subject)
    return one_page(request, language, officer, row)


def one_page(
    request: Request, language: Language, officer: Officer, row: Pending, *, reason: str = "", wrong: Word | None = None
) -> Response:
    """The page of one that waits, for whoever may see it; again (422), where it was to be refused for a `reason` with
    which something is `wrong`."""
    service: Service = request.app.state.service
    waiting = waiting_pledge(service, row)
    publication, clauses = _publication(service, officer, waiting, row), _clauses(service, waiting)
    content = OnePendingContent(waiting, publication, clauses, reason, wrong)
    return desk_answer(
        request,
        language,
        officer,
        PageTemplate(
            "desk/waiting_pledge.html",
            f"{PATH}/{waiting.row.id}",
            ("等候公布的承诺", "A pledge that waits"),
            ("desk/pending_page.js",) if officer.sees_all_pending else (),
        ),
        content,
        status=200 if wrong is None else 422,
    )


def _clauses(service: Service, waiting: WaitingPledge) -> list[Word]:
    """The clauses that a pledge names, as its campaign has them; one that the campaign lacks by its id."""
    if waiting.pledge is None:
        return []
    campaign = service.governance.campaigns.get(waiting.pledge.campaign)
    terms = () if campaign is None else campaign.terms.clauses
    known = {one.id: Word(one.zh, one.en or one.zh) for one in terms}
    return [known.get(one, Word(one, one)) for one in waiting.pledge.clauses]


def _publication(service: Service, officer: Officer, waiting: WaitingPledge, row: Pending) -> str:
    """The address of the form of `PledgePublished`, with a code as it is proposed elsewhere."""
    pledge, today = waiting.pledge, service.today()
    if not officer.sees_all_pending or row.refused_at is not None or row.campaign is None:
        return ""
    campaign = service.governance.campaigns.get(row.campaign)
    agreed = None if pledge is None else pledge.valid_until
    if agreed is None and campaign is not None:
        agreed = campaign.terms.pledge_valid_until
    division = division_of(row.subject)
    code = None if division is None else CodeProposals(service, today).next(row.campaign, division)
    fields = {
        "subject": row.subject,
        "pledge": waiting.row.id,
        "code": code or "",
        "valid_from": str(today),
        "valid_until": "" if agreed is None else str(agreed),
        "sealed": "1" if parse_statement(row.statement).sealed else "",
        "back": PATH,
    }
    return f"/desk/act/PledgePublished?{urlencode({name: said for name, said in fields.items() if said})}"


add_desk_page(router, PATH, get_pending, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}/{{name}}", get_one)
