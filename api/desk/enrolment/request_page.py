"""The page of one request for a key, as the registrar's desk and a party's own show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import Request
from starlette.responses import Response

from api.desk.enrolment.asked_keys import AskedKey, PartyInBook, earliest_recovery, refuse
from api.desk.frame import PageTemplate, desk_answer, to
from api.desk.refusal_words import reason_flaw
from api.desk.roles import Officer
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.errors import Malformed, Refused

__all__ = ["RequestAtDesk", "RequestContent", "refuse_request", "request_page"]


@dataclass(frozen=True, slots=True)
class RequestAtDesk:
    """A request as one desk has it before it: its address, and whether it is the party's own. A further key is for the
    party's own desk to approve, any other for the registrar's."""

    asked: AskedKey
    party: PartyInBook
    desk: str
    own: bool

    @property
    def may_approve(self) -> bool:
        return (self.asked.step == "further_key") == self.own and not self.asked.refused


@dataclass(frozen=True, slots=True)
class RequestContent:
    """A request, and its party in the book. `desk` is the page that it belongs to; `may_approve`: what comes next is
    for this desk to sign. A key that is recovered today may be used from `earliest` on. `reason` was typed to refuse
    it, `wrong` is what is wrong with that."""

    asked: AskedKey
    party: PartyInBook
    desk: str
    may_approve: bool
    log: str
    today: date
    earliest: date
    reason: str = ""
    wrong: Word | None = None


def request_page(
    request: Request,
    language: Language,
    officer: Officer,
    found: RequestAtDesk,
    *,
    reason: str = "",
    wrong: Word | None = None,
) -> Response:
    """The request that was `found`. Again (422), where it was to be refused for a `reason` that is `wrong`."""
    service: Service = request.app.state.service
    asked, desk = found.asked, found.desk
    content = RequestContent(
        asked,
        found.party,
        desk,
        found.may_approve,
        service.origin,
        service.today(),
        earliest_recovery(service),
        reason,
        wrong,
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
        status=200 if wrong is None else 422,
    )


def refuse_request(
    request: Request, language: Language, officer: Officer, found: RequestAtDesk, reason: str
) -> Response:
    """Refuse the request that was `found`, and go back to the desk; a reason that is none stays in the form."""
    try:
        refuse(request.app.state.service, officer, found.asked, reason)
    except (Malformed, Refused) as error:
        return request_page(request, language, officer, found, reason=reason, wrong=reason_flaw(error))
    return to(found.desk, language)
