"""The page of one request for a key, as the registrar's desk and a party's own show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import Request
from starlette.responses import Response

from api.desk.enrolment.asked_keys import AskedKey, PartyInBook, earliest_recovery
from api.desk.frame import PageTemplate, desk_answer
from api.desk.roles import Officer
from api.pages.rendering import Language
from api.service.service import Service

__all__ = ["RequestContent", "request_page"]


@dataclass(frozen=True, slots=True)
class RequestContent:
    """A request, and its party in the book. `desk` is the page that it belongs to; `may_approve`: what comes next is
    for this desk to sign. A key that is recovered today may be used from `earliest` on."""

    asked: AskedKey
    party: PartyInBook
    desk: str
    may_approve: bool
    log: str
    today: date
    earliest: date


def request_page(
    request: Request, language: Language, officer: Officer, found: tuple[AskedKey, PartyInBook], desk: str, *, own: bool
) -> Response:
    """The request that was `found`, at the desk with this address. A further key is for the party's `own` desk to
    approve, any other for the registrar's."""
    service: Service = request.app.state.service
    asked, party = found
    may_approve = (asked.step == "further_key") == own and not asked.refused
    content = RequestContent(
        asked, party, desk, may_approve, service.origin, service.today(), earliest_recovery(service)
    )
    return desk_answer(
        request,
        language,
        officer,
        PageTemplate(
            "desk/enrolment/request.html",
            f"{desk}/{asked.kid}",
            ("密钥登记申请", "A key to enrol"),
            ("desk/act_forms.js",),
        ),
        content,
    )
