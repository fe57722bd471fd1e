"""What organizers do with pledges that wait: fields for publishing them in the browser, refusals, the list as a table.

GET  /desk/pending.csv              exactly the rows of `/desk/pending` with the same query
GET  /desk/pending/fields           those of them that wait, with their signed bytes and a proposed code
GET  /desk/pending/{id}/fields      one of them
GET  /desk/pending/refusal          asks for the reason, and shows which rows are refused
POST /desk/pending/refusal          refuses exactly these
POST /desk/pending/{id}/refusal     refuses one
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, not_for_this_desk, to
from api.desk.pending_list import PARAMETERS, PendingQuery, asked_page, pending_query
from api.desk.pending_pages import one_page
from api.desk.refusal_words import reason_flaw
from api.desk.roles import Officer
from api.desk.staff.pledge_codes import CodeProposals, division_of
from api.desk.work_lists import WaitingRow, log_look, waiting_pledge
from api.importing.table_writer import csv_table
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from api.service.waiting_pledges import Refusal, drop_ended, read_refusal
from ledger.errors import Malformed, NotFound, Refused
from ledger.store.desk import Pending

__all__ = ["RefusalContent", "router"]

PATH: Final = "/desk/pending"
_HEADER: Final = ("id", "enterprise", "name", "campaign", "scope", "received", "state", "reason")
_ID: Final = re.compile("[0-9a-f]{64}")
_NO_STORE: Final = {**PAGE_HEADERS, "Cache-Control": "no-store"}
_CHANGED: Final = Word(
    "列表已变化，未退回任何承诺；请看过下面的各份再办理",
    "the list has changed, and nothing was refused: look at what is below first",
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RefusalContent:
    """Which rows are about to be refused, the digest of their ids, what was typed, and what is wrong with it."""

    rows: Sequence[WaitingRow]
    digest: str
    asked: PendingQuery
    reason: str
    wrong: Word | None


def get_csv(request: Request, _: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    asked = pending_query(request)
    _require_reader(service, request, officer)
    rows = asked_page(service, asked, officer).rows
    lines = [
        (
            one.id,
            one.enterprise,
            one.name,
            one.campaign,
            None if one.scope is None else one.scope.zh,
            one.received.isoformat(),
            one.state.en,
            one.reason,
        )
        for one in rows
    ]
    headers = {**_NO_STORE, "Content-Disposition": 'attachment; filename="pending.csv"'}
    return Response(csv_table([_HEADER, *lines]), headers=headers, media_type="text/csv; charset=utf-8")


def get_fields(request: Request, _: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    asked = pending_query(request)
    _require_organizer(service, request, officer)
    return _fields(service, asked_page(service, asked, officer).pending)


def get_ones_fields(request: Request, _: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    _require_organizer(service, request, officer)
    return _fields(service, [_found(service, request)])


def _fields(service: Service, pending: Sequence[Pending]) -> Response:
    today = service.today()
    proposals = CodeProposals(service, today)
    rows: list[dict[str, Any]] = []
    for one in pending:
        if one.refused_at is not None:
            continue
        seen = waiting_pledge(service, one)
        campaign = one.campaign or ("" if seen.pledge is None else f"campaign:{seen.pledge.campaign}")
        terms = service.governance.campaigns.get(campaign)
        division = division_of(one.subject)
        rows.append(
            {
                "id": one.statement_id.hex(),
                "name": seen.row.name,
                "statement": base64.b64encode(one.statement).decode(),
                "body": None if one.body is None else base64.b64encode(one.body).decode(),
                "valid_until": None if terms is None else terms.terms.pledge_valid_until,
                "code": None if division is None else proposals.next(campaign, division),
            }
        )
    content = msgspec.json.encode({"today": today, "rows": rows})
    return Response(content, headers=_NO_STORE, media_type="application/json")


def get_refusal(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    asked = pending_query(request)
    _require_organizer(service, request, officer)
    return _ask(request, language, officer, asked)


def post_refusals(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Nothing is refused unless the list still is the one that was shown."""
    service: Service = request.app.state.service
    asked = pending_query(request)
    _require_organizer(service, request, officer)
    shown = _waiting(asked_page(service, asked, officer).pending)
    typed = fields.get("reason", "")
    if fields.get("rows") != _digest(shown):
        return _ask(request, language, officer, asked, typed, _CHANGED)
    try:
        refusal = _reason(fields)
    except (Malformed, Refused) as error:
        return _ask(request, language, officer, asked, typed, reason_flaw(error))
    for one in shown:
        try:
            service.desk.refuse(one.statement_id, at=service.clock(), by=officer.party, reason=refusal.reason)
        except (NotFound, Refused):
            continue  # published or refused by a colleague in this very moment
    return to(PATH, language, {"state": "refused"})


def post_refusal(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    _require_organizer(service, request, officer)
    one = _found(service, request)
    try:
        refusal = _reason(fields)
    except (Malformed, Refused) as error:
        return one_page(request, language, officer, one, reason=fields.get("reason", ""), wrong=reason_flaw(error))
    service.desk.refuse(one.statement_id, at=service.clock(), by=officer.party, reason=refusal.reason)
    return to(f"{PATH}/{one.statement_id.hex()}", language)


def _ask(
    request: Request,
    language: Language,
    officer: Officer,
    asked: PendingQuery,
    reason: str = "",
    wrong: Word | None = None,
) -> Response:
    service: Service = request.app.state.service
    page = asked_page(service, asked, officer)
    rows = [row for row, one in zip(page.rows, page.pending, strict=True) if one.refused_at is None]
    content = RefusalContent(rows, _digest(_waiting(page.pending)), asked, reason, wrong)
    title = ("退回所列承诺", "Refuse the pledges listed")
    return desk_answer(
        request,
        language,
        officer,
        PageTemplate("desk/staff/refusal.html", f"{PATH}/refusal", title),
        content,
        status=422 if wrong else 200,
    )


def _reason(fields: dict[str, str]) -> Refusal:
    return read_refusal(msgspec.json.encode({"reason": fields.get("reason", "").strip()}))


def _waiting(pending: Sequence[Pending]) -> list[Pending]:
    return [one for one in pending if one.refused_at is None]


def _digest(pending: Sequence[Pending]) -> str:
    return sha256(b"".join(sorted(one.statement_id for one in pending))).hexdigest()


def _found(service: Service, request: Request) -> Pending:
    name: str = request.path_params["name"]
    drop_ended(service)
    one = service.desk.get(bytes.fromhex(name)) if _ID.fullmatch(name) else None
    if one is None:
        raise NotFound("no such statement waits here")
    return one


def _require_organizer(service: Service, request: Request, officer: Officer) -> None:
    log_look(request, officer, "served" if officer.sees_all_pending else "refused")
    if not officer.sees_all_pending:
        raise not_for_this_desk()


def _require_reader(service: Service, request: Request, officer: Officer) -> None:
    allowed = officer.sees_all_pending or officer.enterprise is not None
    log_look(request, officer, "served" if allowed else "refused", officer.enterprise)
    if not allowed:
        raise not_for_this_desk()


add_desk_page(router, f"{PATH}.csv", get_csv, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}/fields", get_fields, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}/refusal", get_refusal, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}/{{name}}/fields", get_ones_fields)
add_desk_form(router, f"{PATH}/refusal", post_refusals)
add_desk_form(router, f"{PATH}/{{name}}/refusal", post_refusal)
