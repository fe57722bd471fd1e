"""`/desk/complaints/{number}`: a complaint file, and its acts, as forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.complaints.case_acts import ACTS, ActContext
from api.desk.complaints.case_keeping import CaseChanged, OpenedCase
from api.desk.complaints.desk_door import complaint_files, look, require_handling_body
from api.desk.complaints.enterprise_choice import EnterpriseOffer, chosen_enterprise
from api.desk.complaints.file_content import PATH, TriedAct, content_of, outcome_entry
from api.desk.complaints.form_fields import FieldProblems, FormFields
from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.errors import NotFound, Refused

__all__ = ["router"]

router = APIRouter()


def get_file(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    opened = _opened(service, request, officer)
    return _page(request, language, officer, opened, None)


def post_act(request: Request, language: Language, officer: Officer, given: dict[str, str]) -> Response:
    """Make a step, and go on at the file; or show it again, with what was typed and what is wrong."""
    service: Service = request.app.state.service
    opened, act = _opened(service, request, officer), request.path_params["act"]
    if act not in ACTS:
        raise NotFound("no such act in a complaint file")
    files, fields = complaint_files(request), FormFields(given)
    offers: Sequence[EnterpriseOffer] = ()
    subject = None
    if act == "identify":
        typed = fields.line("enterprise")
        subject, offers = chosen_enterprise(service, fields, typed, given.get("chosen", ""), must_know=True)
    entry = outcome_entry(service, opened) if act == "publish" else None
    ctx = ActContext(
        service.sound_clock(), officer.officer, files.colleagues(officer.party), subject=subject, entry=entry
    )
    try:
        step = ACTS[act].read(fields, ctx)
        fields.done()
        files.act(opened, _version(given), step)
    except FieldProblems as wrong:
        tried = TriedAct(act, given, wrong.problems, None, offers)
        return _page(request, language, officer, opened, tried, status=422)
    except Refused as refused:
        tried = TriedAct(act, given, {}, Word(refused.zh, refused.en))
        return _page(request, language, officer, opened, tried, status=422)
    except CaseChanged:
        notice = Word(
            "这宗投诉刚被同事改动，您的这一步没有记下；填写的内容还在，请看过后再提交",
            "a colleague made a step meanwhile, and yours was not made: what you typed is still here",
        )
        again = files.open(opened.row.number, officer.party)
        return _page(request, language, officer, again, TriedAct(act, given, {}, notice), status=409)
    return to(f"{PATH}/{opened.row.number}", language)


def _opened(service: Service, request: Request, officer: Officer) -> OpenedCase:
    """The file, its look logged. Another body's is not found, like one that is not there."""
    require_handling_body(service, request, officer)
    try:
        opened = complaint_files(request).open(request.path_params["number"], officer.party)
    except NotFound:
        log_look(request, officer, "refused")
        raise
    look(service, request, officer, opened.row.subject)
    return opened


def _version(given: Mapping[str, str]) -> int:
    text = given.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _page(
    request: Request,
    language: Language,
    officer: Officer,
    opened: OpenedCase,
    tried: TriedAct | None,
    *,
    status: int = 200,
) -> Response:
    service: Service = request.app.state.service
    content = content_of(service, complaint_files(request), officer, opened, tried, language)
    path, title = f"{PATH}/{opened.row.number}", (f"投诉 {opened.row.number}", f"Complaint {opened.row.number}")
    response = desk_answer(request, language, officer, PageTemplate("desk/complaints/file.html", path, title), content)
    response.status_code = status
    return response


add_desk_page(router, f"{PATH}/{{number}}", get_file)
add_desk_form(router, f"{PATH}/{{number}}/{{act}}", post_act)
