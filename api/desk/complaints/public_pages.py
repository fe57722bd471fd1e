"""`/complain`: a consumer's complaint; `/complain/{number}` with its secret: its state and what is said to the party.

No script, no session, nothing kept by any cache; search engines are told to leave it alone. The secret is never in an
address: those stand in histories and log lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.desk.complaints.case_file import CaseFile
from api.desk.complaints.case_keeping import BegunCase
from api.desk.complaints.case_steps import CaseDeclined, CaseRegistered, PartiesNotified, PartyTold
from api.desk.complaints.case_words import OUTCOMES, STAGES, STEPS
from api.desk.complaints.desk_door import complaint_files
from api.desk.complaints.enterprise_choice import EnterpriseOffer
from api.desk.complaints.intake import IntakeProblems, registered_by_complainant
from api.desk.frame import PageTemplate, private_page
from api.http.bodies import form_fields, read_bounded
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import problem_of
from api.http.same_origin import WebOrigins
from api.pages.localized import problem_page
from api.pages.rendering import Language, in_english
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.values.dates import shanghai_date
from ledger.errors import LedgerError
from ledger.limits import DESK_FORM_BYTES_MAX

__all__ = ["ComplainView", "FollowView", "router"]

PATH: Final = "/complain"
_SHOWN: Final = frozenset(
    (
        "registered",
        "accepted",
        "declined",
        "forwarded",
        "replied",
        "mediated",
        "closed",
        "notified",
        "published",
        "told",
    )
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ComplainView:
    """`bodies` handle complaints, by id, Chinese and English name; none: the page says so. `begun`: it is there."""

    bodies: Sequence[tuple[str, str, str]]
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Word] = field(default_factory=dict)
    offers: Sequence[EnterpriseOffer] = ()
    begun: BegunCase | None = None


class ToldStep(NamedTuple):
    """A step as the party sees it; `text` is what was said to it."""

    word: Word
    on: date
    text: str


@dataclass(frozen=True, slots=True)
class FollowView:
    """`state` None: the secret was not given yet, or `wrong`."""

    number: str
    wrong: bool = False
    state: Word | None = None
    suspended: bool = False
    outcome: Word | None = None
    enterprise: str = ""
    steps: Sequence[ToldStep] = ()
    erased: bool = False


def _get_complain(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    asked, typed = request.query_params.get("enterprise", ""), {}
    if asked:
        known = service.views.search.enterprise(subject_of(asked))
        typed = {"enterprise": asked[:200]}
        if known is not None:
            typed = {"enterprise": known.name, "chosen": name_of(known.subject)}
    return _complain_page(request, language, ComplainView(complaint_files(request).bodies(), typed))


def _post_complain(request: Request, language: Language, given: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    files = complaint_files(request)
    bodies = files.bodies()
    body = given.get("body", "") if len(bodies) > 1 else "".join(one[0] for one in bodies)
    problems: dict[str, Word] = {}
    if body not in {one[0] for one in bodies}:
        problems["body"] = Word("请选择一项", "choose one of these")
    try:
        step = registered_by_complainant(service, given, service.sound_clock())
    except IntakeProblems as wrong:
        view = ComplainView(bodies, given, {**wrong.problems, **problems}, wrong.offers)
        return _complain_page(request, language, view, status=422)
    if problems:
        return _complain_page(request, language, ComplainView(bodies, given, problems), status=422)
    return _complain_page(request, language, ComplainView(bodies, begun=files.begin(step, body)), status=201)


def _get_follow(request: Request, language: Language) -> Response:
    return _follow_page(request, language, FollowView(request.path_params["number"]))


def _post_follow(request: Request, language: Language, given: dict[str, str]) -> Response:
    number = given.get("number", "").strip()[:40] or request.path_params["number"]
    opened = complaint_files(request).follow(number, given.get("secret", ""))
    if opened is None:
        return _follow_page(request, language, FollowView(number, wrong=True), status=403)
    state = STAGES[opened.row.stage]  # type: ignore[index]  # the rules of the file write no other
    if opened.file is None:
        return _follow_page(request, language, FollowView(opened.row.number, state=state, erased=True))
    file = opened.file
    outcome = None if file.outcome is None else OUTCOMES[file.outcome]
    view = FollowView(opened.row.number, False, state, file.suspended, outcome, file.registered.enterprise, _told(file))
    return _follow_page(request, language, view)


def _told(file: CaseFile) -> list[ToldStep]:
    """The steps that concern the party, newest first. Notes, suspensions' reasons and colleagues are not among them,
    nor what the enterprise answered: an officer passes on what is fit to be."""
    found = []
    for step in reversed(file.steps):
        name = str(step.__struct_config__.tag)
        if name not in _SHOWN:
            continue
        text = step.text if isinstance(step, PartyTold | PartiesNotified) else ""
        text = step.ground if isinstance(step, CaseDeclined) else text
        on = step.received_on if isinstance(step, CaseRegistered) else shanghai_date(step.at)
        found.append(ToldStep(STEPS[name], on, text))
    return found


def _complain_page(request: Request, language: Language, view: ComplainView, *, status: int = 200) -> Response:
    title = ("投诉", "Complain about an enterprise")
    return private_page(request, language, PageTemplate("complain.html", PATH, title), view, status)


def _follow_page(request: Request, language: Language, view: FollowView, *, status: int = 200) -> Response:
    title = ("投诉进度", "Your complaint")
    return private_page(
        request, language, PageTemplate("complaint_state.html", f"{PATH}/{view.number}", title), view, status
    )


_GETS: Final = ((PATH, _get_complain), (f"{PATH}/{{number}}", _get_follow))
_POSTS: Final = ((PATH, _post_complain), (f"{PATH}/{{number}}", _post_follow))


def _add(path: str, language: Language, method: str) -> None:
    shown, taken = dict(_GETS)[path], dict(_POSTS)[path]

    def answer_get(request: Request) -> Response:
        try:
            return shown(request, language)
        except LedgerError as error:
            return problem_page(request, language, problem_of(error))

    async def answer_post(request: Request) -> Response:
        service: Service = request.app.state.service
        try:
            WebOrigins(service.public_url).require(request)
            given = form_fields(await read_bounded(request.receive, DESK_FORM_BYTES_MAX))
            return await run_in_threadpool(taken, request, language, given)
        except LedgerError as error:
            return await run_in_threadpool(problem_page, request, language, problem_of(error))

    address = path if language == "zh" else in_english(path)
    if method == "GET":
        router.add_api_route(
            address, answer_get, methods=["GET", "HEAD"], include_in_schema=False, response_class=Response
        )
    else:
        router.add_api_route(address, answer_post, methods=["POST"], include_in_schema=False, response_class=Response)


for _path, _ in _GETS:
    for _method in ("GET", "POST"):
        _add(_path, "zh", _method)
        _add(_path, "en", _method)
