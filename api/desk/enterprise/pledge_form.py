"""`/desk/enterprise/pledge`: a pledge from the clauses of an open campaign, to be signed in the browser.

Which campaign stands in the address. What is signed is put together by `static/desk/pledge_page.js`; it waits at the
desk until an organizer publishes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.enterprise.own import own_enterprise
from api.desk.enterprise.own_enterprise_page import OpenCampaign, open_campaigns
from api.desk.frame import PageTemplate, add_desk_page, desk_answer
from api.desk.roles import Officer
from api.pages.rendering import Language
from api.pages.words import SCOPES, Word
from api.service.service import Service
from ledger.domain.events.campaign import Clause
from ledger.errors import NotFound

__all__ = ["PledgeFormContent", "router"]

PATH: Final = "/desk/enterprise/pledge"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PledgeFormContent:
    """The form of a pledge.

    `chosen` is the campaign that the pledge is for, None where one is to be chosen first; the rest is of it.

    `body` and `body_code` are the organizer's, who accepts it.
    """

    log: str
    subject: str
    today: date
    campaigns: Sequence[OpenCampaign]
    chosen: OpenCampaign | None = None
    theme: str = ""
    notice_number: str = ""
    valid_until: date | None = None
    scopes: Sequence[tuple[str, Word]] = ()
    clauses: Sequence[Clause] = ()
    body: str = ""
    body_code: str = ""


def get_pledge_form(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    subject = own_enterprise(service, request, officer)
    content = _content(service, subject, request.query_params.get("campaign", ""))
    return desk_answer(
        request,
        language,
        officer,
        PageTemplate(
            "desk/enterprise/pledge.html",
            PATH,
            ("签署承诺", "Sign a pledge"),
            () if content.chosen is None else ("desk/pledge_page.js",),
        ),
        content,
    )


def _content(service: Service, subject: str, asked: str) -> PledgeFormContent:
    """Raises `NotFound` for a campaign that is not open."""
    campaigns = open_campaigns(service)
    asked = asked or (campaigns[0].id if len(campaigns) == 1 else "")
    if not asked:
        return PledgeFormContent(service.origin, subject, service.today(), campaigns)
    chosen = next((one for one in campaigns if one.id == asked), None)
    if chosen is None:
        raise NotFound("no such campaign takes pledges today")
    terms = service.governance.campaigns[f"campaign:{asked}"].terms
    body, body_code = _organizer(service)
    return PledgeFormContent(
        service.origin,
        subject,
        service.today(),
        campaigns,
        chosen,
        terms.theme,
        terms.notice_number,
        terms.pledge_valid_until,
        [(one, SCOPES[one]) for one in terms.scopes],
        terms.clauses,
        body,
        body_code,
    )


def _organizer(service: Service) -> tuple[str, str]:
    """Name and code of the party that publishes pledges; empty where there are several, or none."""
    found = [one for one in service.governance.parties.values() if "organizer" in one.roles]
    return (found[0].name_zh, found[0].identifier or "") if len(found) == 1 else ("", "")


add_desk_page(router, PATH, get_pledge_form, parameters=frozenset({"campaign"}))
