"""`/desk/complaints`: the work list, due first; `.csv` exports exactly the page that is shown; `/new` registers one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.complaints.case_keeping import BegunCase
from api.desk.complaints.case_words import CHANNELS
from api.desk.complaints.desk_door import complaint_files, look, require_handling_body
from api.desk.complaints.enterprise_choice import EnterpriseOffer
from api.desk.complaints.intake import IntakeProblems, registered_at_desk
from api.desk.complaints.work_list import CHOICES, PARAMETERS, WorkList, WorkListQuery, asked, work_list
from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer
from api.desk.roles import Officer
from api.http.enterprise_ids import subject_of
from api.importing.table_writer import csv_table
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service

__all__ = ["ComplaintListContent", "NewComplaintContent", "router"]

PATH: Final = "/desk/complaints"
_NEW: Final = f"{PATH}/new"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ComplaintListContent:
    query: WorkListQuery
    page: WorkList
    choices: Mapping[str, Mapping[str, Word]] = field(default_factory=lambda: CHOICES)


@dataclass(frozen=True, slots=True)
class NewComplaintContent:
    """What was typed, what is wrong with it, and which enterprises may be meant. `begun`: it is there."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Word] = field(default_factory=dict)
    offers: Sequence[EnterpriseOffer] = ()
    channels: Mapping[str, Word] = field(default_factory=dict)
    begun: BegunCase | None = None


def get_list(request: Request, language: Language, officer: Officer) -> Response:
    query, page = _listed(request, officer)
    content = ComplaintListContent(query, page)
    title = ("投诉办理", "Complaints")
    return desk_answer(request, language, officer, PageTemplate("desk/complaints/list.html", PATH, title), content)


def get_csv(request: Request, language: Language, officer: Officer) -> Response:
    """The rows of the page with the same address, in its order."""
    _, page = _listed(request, officer)
    heads = {
        "zh": ("编号", "企业", "企业代码", "产品", "状态", "到期日", "经办人", "收到"),
        "en": ("number", "enterprise", "code", "product", "state", "due", "officer", "received"),
    }[language]
    rows = [
        (
            one.number,
            one.name or "",
            one.enterprise or "",
            one.product or "",
            one.stage.zh if language == "zh" else one.stage.en,
            str(one.due_on or ""),
            one.holder or "",
            str(one.received_on),
        )
        for one in page.rows
    ]
    named = {"Content-Disposition": 'attachment; filename="complaints.csv"'}
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", **named}
    return Response(csv_table([heads, *rows]), headers=headers, media_type="text/csv; charset=utf-8")


def get_new(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    require_handling_body(service, request, officer)
    typed = {"received_on": str(service.today()), "channel": "telephone"}
    return _new_page(request, language, officer, NewComplaintContent(typed))


def post_new(request: Request, language: Language, officer: Officer, given: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    require_handling_body(service, request, officer)
    try:
        step = registered_at_desk(service, given, service.sound_clock(), officer.officer)
    except IntakeProblems as wrong:
        content = NewComplaintContent(given, wrong.problems, wrong.offers)
        return _new_page(request, language, officer, content, status=422)
    begun = complaint_files(request).begin(step, officer.party)
    return _new_page(request, language, officer, NewComplaintContent(begun=begun), status=201)


def _new_page(
    request: Request, language: Language, officer: Officer, content: NewComplaintContent, *, status: int = 200
) -> Response:
    channels = {str(name): word for name, word in CHANNELS.items() if name != "web"}
    content = NewComplaintContent(content.typed, content.problems, content.offers, channels, content.begun)
    title = ("登记投诉", "Register a complaint")
    response = desk_answer(request, language, officer, PageTemplate("desk/complaints/new.html", _NEW, title), content)
    response.status_code = status
    return response


def _listed(request: Request, officer: Officer) -> tuple[WorkListQuery, WorkList]:
    service: Service = request.app.state.service
    require_handling_body(service, request, officer)
    query = asked(request.query_params)
    files = complaint_files(request)
    look(service, request, officer, subject_of(query.enterprise) if query.enterprise else None)
    files.erase_due()
    return query, work_list(service, files, officer, query)


add_desk_page(router, PATH, get_list, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}.csv", get_csv, parameters=PARAMETERS)
add_desk_page(router, _NEW, get_new)
add_desk_form(router, _NEW, post_new)
