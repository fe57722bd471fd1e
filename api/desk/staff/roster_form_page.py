"""`/desk/roster`: a campaign's roster is handed in, and judged as `credit-ledger import --dry-run` judges it.

GET  /desk/roster    the form
POST /desk/roster    a dry run, whose report is in `roster_report_page.py`; nothing is written
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, get_args

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_page, desk_answer, not_for_this_desk, to, to_sign_in
from api.desk.roles import EndedSession, Officer
from api.desk.sessions import signed_in
from api.desk.staff.kept_rosters import kept_rosters
from api.desk.staff.roster_dry_run import dry_run
from api.desk.staff.roster_upload import RosterForm, roster_form
from api.http.errors import problem_of
from api.http.turns import Turns
from api.importing.row_ranges import row_numbers
from api.importing.table_plan import TableReading
from api.pages.localized import problem_page
from api.pages.rendering import Language, in_english
from api.pages.words import SCOPES, Word
from api.service.service import Service
from ledger.domain.events.campaign import Scope
from ledger.errors import LedgerError, Malformed
from ledger.limits import (
    DESK_ROSTER_BYTES_MAX,
    DESK_ROSTER_ROWS_MAX,
    DESK_ROSTERS_AT_ONCE_MAX,
)

__all__ = ["PATH", "RosterContent", "require_staff", "roster_turns", "router"]

PATH: Final = "/desk/roster"
_AGAIN_SECONDS: Final = 10
_TYPED: Final = ("campaign", "scope", "approve")

router = APIRouter()


class CampaignChoice(NamedTuple):
    """A campaign that a roster may be for: its id without `campaign:`, and its Chinese name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RosterContent:
    """The form as it was filled in, with what is wrong by field; `latest` leads to this session's dry run."""

    campaigns: Sequence[CampaignChoice]
    typed: dict[str, str]
    wrong: dict[str, str]
    latest: str | None
    bytes_max: int = DESK_ROSTER_BYTES_MAX
    rows_max: int = DESK_ROSTER_ROWS_MAX
    scopes: Mapping[str, Word] = field(default_factory=lambda: SCOPES)


def roster_turns() -> Turns:
    """So many dry runs at once."""
    return Turns(
        "the desk for rosters",
        total_max=DESK_ROSTERS_AT_ONCE_MAX,
        per_client_max=1,
        again_seconds=_AGAIN_SECONDS,
    )


def get_form(request: Request, language: Language, officer: Officer) -> Response:
    require_staff(officer)
    return _form(request, language, officer, dict.fromkeys(_TYPED, ""), {})


async def post_form(request: Request, language: Language) -> Response:
    """A dry run: judged at once, kept in memory for this session, gone to by its name."""
    service: Service = request.app.state.service
    turns: Turns = request.app.state.roster_turns
    try:
        officer = await run_in_threadpool(signed_in, service, request)
        require_staff(officer)
        host = request.client.host if request.client else "-"
        turns.check(host)
        with turns.turn(host):
            form = await roster_form(service, request)
            return await run_in_threadpool(_judged, request, language, officer, form)
    except EndedSession as ended:
        return to_sign_in(request, language, ended.why)
    except LedgerError as error:
        return await run_in_threadpool(problem_page, request, language, problem_of(error))


def _judged(request: Request, language: Language, officer: Officer, form: RosterForm) -> Response:
    typed = {name: form.fields.get(name, "").strip() for name in _TYPED}
    wrong: dict[str, tuple[str, str]] = {}
    scopes: dict[str, Scope | None] = {"": None, **{one: one for one in get_args(Scope)}}
    service: Service = request.app.state.service
    if not form.data:
        wrong["file"] = "请选择名单文件", "choose the roster's file"
    elif len(form.data) > DESK_ROSTER_BYTES_MAX:
        most = f"{DESK_ROSTER_BYTES_MAX // 2**20} MB"
        wrong["file"] = f"文件超过 {most}；请拆分，或用命令行导入", f"more than {most}: split it, or use the command"
    if f"campaign:{typed['campaign']}" not in service.governance.campaigns:
        wrong["campaign"] = "请选择活动", "choose a campaign"
    if typed["scope"] not in scopes:
        wrong["scope"] = "没有该承诺范围", "there is no such scope"
    approved: frozenset[int] = frozenset()
    try:
        approved = row_numbers(typed["approve"])
    except Malformed as error:
        wrong["approve"] = "应为行号，如 7,12,30-40", f"row numbers such as 7,12,30-40: {error}"
    if not wrong:
        reading = TableReading(
            campaign=typed["campaign"], scope=scopes[typed["scope"]], approved=approved, rows_max=DESK_ROSTER_ROWS_MAX
        )
        try:
            run = dry_run(request.app, form.data, form.file_name, reading, officer.party, service.today())
        except Malformed as error:
            wrong["file"] = f"不能作为名单读取：{error}", f"cannot be read as a roster: {error}"
        else:
            name = kept_rosters(request).keep(officer.session.id_hash, run)
            return to(f"{PATH}/{name}", language)
    if "file" not in wrong:
        wrong["file"] = "请再选一次文件：浏览器不会保留它", "choose the file again: browsers do not keep it"
    place = 0 if language == "zh" else 1
    return _form(request, language, officer, typed, {name: said[place] for name, said in wrong.items()})


def _form(
    request: Request, language: Language, officer: Officer, typed: dict[str, str], wrong: dict[str, str]
) -> Response:
    service: Service = request.app.state.service
    campaigns = [
        CampaignChoice(one.subject.removeprefix("campaign:"), one.terms.name_zh)
        for one in service.governance.campaigns.values()
        if one.cancelled_on is None
    ]
    campaigns.sort(reverse=True)
    content = RosterContent(campaigns, typed, wrong, kept_rosters(request).latest(officer.session.id_hash))
    title = ("导入名单", "Import a roster")
    return desk_answer(
        request,
        language,
        officer,
        PageTemplate("desk/staff/roster.html", PATH, title),
        content,
        status=422 if wrong else 200,
    )


def require_staff(officer: Officer) -> None:
    """Raise `AccessDenied` for whoever imports no rosters."""
    if not officer.imports_rosters:
        raise not_for_this_desk()


add_desk_page(router, PATH, get_form)


async def _in_chinese(request: Request) -> Response:
    return await post_form(request, "zh")


async def _english(request: Request) -> Response:
    return await post_form(request, "en")


for _address, _endpoint in ((PATH, _in_chinese), (in_english(PATH), _english)):
    router.add_api_route(_address, _endpoint, methods=["POST"], include_in_schema=False, response_class=Response)
