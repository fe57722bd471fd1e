"""`/desk/roster`: a campaign's roster is handed in, judged as `credit-ledger import --dry-run` judges it, and signed.

GET  /desk/roster                     the form
POST /desk/roster                     a dry run; nothing is written
GET  /desk/roster/{id}                its report: ?status=&rule=&q=&after=
GET  /desk/roster/{id}/report.csv     the report as the command writes it; of what is shown, by the same query
GET  /desk/roster/{id}/fields         ?after=: rows as fields, from which the browser builds what it signs
POST /desk/roster/{id}/drop           forgets it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.desk.frame import add_desk_form, add_desk_page, desk_answer, not_for_this_desk, to, to_sign_in
from api.desk.roles import EndedSession, Officer
from api.desk.sessions import signed_in
from api.desk.staff.kept_rosters import KeptRosters
from api.desk.staff.roster_dry_run import DryRun, dry_run
from api.desk.staff.roster_upload import RosterForm, roster_form
from api.http.errors import InvalidRequest, problem_of
from api.http.turns import Turns
from api.importing.import_report import ImportReport, RowReport, Status
from api.importing.row_ranges import row_numbers
from api.importing.table_plan import TableReading
from api.pages.csp import PAGE_HEADERS
from api.pages.localized import problem_page
from api.pages.rendering import Language, in_english
from api.pages.words import SCOPES, Word
from api.service.service import Service
from ledger.domain.events.campaign import Scope
from ledger.errors import LedgerError, Malformed
from ledger.limits import (
    DESK_ROSTER_BYTES_MAX,
    DESK_ROSTER_PIECE_ROWS,
    DESK_ROSTER_ROWS_MAX,
    DESK_ROSTERS_AT_ONCE_MAX,
)

__all__ = ["PATH", "ROW_STATES", "RosterContent", "RosterReport", "roster_turns", "router"]

PATH: Final = "/desk/roster"
_NO_STORE: Final = {**PAGE_HEADERS, "Cache-Control": "no-store"}
_AGAIN_SECONDS: Final = 10
_ROWS: Final = 100
_FILTERS: Final = frozenset({"status", "rule", "q", "after"})
_Q_CHARS_MAX: Final = 60
_TYPED: Final = ("campaign", "scope", "approve")

ROW_STATES: Final[dict[Status, Word]] = {
    "accepted": Word("可以登记", "accepted", "good"),
    "already registered": Word("已经登记", "already registered", "pledged"),
    "flagged": Word("须人核实", "flagged", "watch"),
    "refused": Word("不予登记", "refused", "alert"),
    "not sent": Word("未发送", "not sent", "normal"),
}

router = APIRouter()


class CampaignChoice(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class RosterReport:
    """`rows` of those that are asked for, which are `found` in all; `query` is of this page, `following` of the next
    (empty: none). `ready`: how many rows the browser may sign."""

    name: str
    run: DryRun
    counts: dict[Status, int]
    rules: dict[str, int]
    asked: dict[str, str]
    rows: Sequence[RowReport]
    found: int
    query: str
    following: str
    log: str

    @property
    def ready(self) -> int:
        return len(self.run.fields)

    @property
    def states(self) -> dict[Status, Word]:
        return ROW_STATES


def roster_turns() -> Turns:
    """So many dry runs at once."""
    return Turns(
        "the desk for rosters",
        total_max=DESK_ROSTERS_AT_ONCE_MAX,
        per_client_max=1,
        again_seconds=_AGAIN_SECONDS,
    )


def get_form(request: Request, language: Language, officer: Officer) -> Response:
    _require_staff(officer)
    return _form(request, language, officer, dict.fromkeys(_TYPED, ""), {})


async def post_form(request: Request, language: Language) -> Response:
    """A dry run: judged at once, kept in memory for this session, gone to by its name."""
    service: Service = request.app.state.service
    turns: Turns = request.app.state.roster_turns
    try:
        officer = await run_in_threadpool(signed_in, service, request)
        _require_staff(officer)
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
        wrong["file"] = f"文件超过 {most}; 请拆分, 或用命令行导入", f"more than {most}: split it, or use the command"
    if f"campaign:{typed['campaign']}" not in service.governance.campaigns:
        wrong["campaign"] = "请选择活动", "choose a campaign"
    if typed["scope"] not in scopes:
        wrong["scope"] = "没有该承诺范围", "there is no such scope"
    approved: frozenset[int] = frozenset()
    try:
        approved = row_numbers(typed["approve"])
    except Malformed as error:
        wrong["approve"] = "应为行号, 如 7,12,30-40", f"row numbers such as 7,12,30-40: {error}"
    if not wrong:
        reading = TableReading(
            campaign=typed["campaign"], scope=scopes[typed["scope"]], approved=approved, rows_max=DESK_ROSTER_ROWS_MAX
        )
        try:
            run = dry_run(request.app, form.data, form.file_name, reading, officer.party, service.today())
        except Malformed as error:
            wrong["file"] = f"不能作为名单读取: {error}", f"cannot be read as a roster: {error}"
        else:
            name = _kept(request).keep(officer.session.id_hash, run)
            return to(f"{PATH}/{name}", language)
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
    content = RosterContent(campaigns, typed, wrong, _kept(request).latest(officer.session.id_hash))
    title = ("导入名单", "Import a roster")
    return desk_answer(
        request,
        "desk/staff/roster.html",
        PATH,
        language,
        title,
        content,
        officer=officer,
        status=422 if wrong else 200,
    )


def get_report(request: Request, language: Language, officer: Officer) -> Response:
    name, run = _own(request, officer)
    asked, rows = _asked(request, run.report)
    after = int(asked.get("after", "0"))
    left = [row for row in rows if row.row > after]
    shown = left[:_ROWS]
    following = urlencode(asked | {"after": str(shown[-1].row)}) if len(left) > _ROWS else ""
    service: Service = request.app.state.service
    content = RosterReport(
        name,
        run,
        {state: count for state in ROW_STATES if (count := run.report.counts().get(state, 0))},
        run.report.reasons(),
        asked,
        shown,
        len(rows),
        urlencode(asked),
        following,
        service.origin,
    )
    title = ("名单试运行", "A roster's dry run")
    path = f"{PATH}/{name}"
    return desk_answer(
        request,
        "desk/staff/roster_report.html",
        path,
        language,
        title,
        content,
        officer=officer,
        scripts=("desk/roster_page.js",),
    )


def get_csv(request: Request, _: Language, officer: Officer) -> Response:
    """What `credit-ledger import --dry-run` writes; by a query, of the rows that it finds."""
    _name, run = _own(request, officer)
    _asked_for, rows = _asked(request, run.report)
    stem = run.report.file_name.rsplit(".", 1)[0]
    headers = _NO_STORE | {
        "Content-Disposition": f"attachment; filename=\"roster.report.csv\"; filename*=UTF-8''{quote(stem)}.report.csv",
    }
    content = replace(run.report, rows=tuple(rows)).to_csv()
    return Response(content, headers=headers, media_type="text/csv; charset=utf-8")


def get_json(request: Request, _: Language, officer: Officer) -> Response:
    """What `credit-ledger import --dry-run --report ….json` writes."""
    _name, run = _own(request, officer)
    return Response(run.report.to_json(), headers=_NO_STORE, media_type="application/json")


def get_fields(request: Request, _: Language, officer: Officer) -> Response:
    """A piece of the rows that would be sent, in order, from the one after `after`."""
    _name, run = _own(request, officer)
    service: Service = request.app.state.service
    if run.today != service.today():
        raise InvalidRequest(
            "roster.another_day",
            "试运行是昨天做的; 请重新上传, 日期以今天为准",
            "the dry run is of another day: hand the roster in again",
        )
    after = _row_number(request.query_params.get("after", "0"))
    numbers = [number for number in run.fields if number > after]
    piece = numbers[:DESK_ROSTER_PIECE_ROWS]
    content = b'{"rows":[%b],"more":%b}' % (
        b",".join(run.fields[number] for number in piece),
        b"true" if len(numbers) > len(piece) else b"false",
    )
    return Response(content, headers=_NO_STORE, media_type="application/json")


def post_drop(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    _own(request, officer)
    _kept(request).drop(officer.session.id_hash)
    return to(PATH, language)


def _require_staff(officer: Officer) -> None:
    if not officer.imports_rosters:
        raise not_for_this_desk()


def _own(request: Request, officer: Officer) -> tuple[str, DryRun]:
    """The dry run that the address names. Raises `AccessDenied`, `NotFound`."""
    _require_staff(officer)
    name: str = request.path_params["name"]
    return name, _kept(request).get(officer.session.id_hash, name)


def _kept(request: Request) -> KeptRosters:
    kept: KeptRosters = request.app.state.kept_rosters
    return kept


def _asked(request: Request, report: ImportReport) -> tuple[dict[str, str], list[RowReport]]:
    """What the address asks for, and the rows that it means (before `after`). Raises `InvalidRequest`."""
    asked = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    status, rule, q = asked.get("status"), asked.get("rule"), asked.get("q", "").casefold()
    if status is not None and status not in ROW_STATES:
        raise InvalidRequest("roster.status", "没有该结果", f"a status is one of {', '.join(ROW_STATES)}")
    if rule is not None and rule not in report.reasons():
        raise InvalidRequest("roster.rule", "本报告中没有该原因", "no row of this report has this reason")
    if len(q) > _Q_CHARS_MAX:
        raise InvalidRequest("roster.q", f"最多 {_Q_CHARS_MAX} 字", f"at most {_Q_CHARS_MAX} characters")
    _row_number(asked.get("after", "0"))
    rows = [
        row
        for row in report.rows
        if status in (None, row.status)
        and (rule is None or any(reason.rule == rule for reason in row.reasons))
        and (q in row.name.casefold() or q in row.code.casefold())
    ]
    return asked, rows


def _row_number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 7:
        return int(text)
    raise InvalidRequest("roster.after", "after 应取自上一页", "`after` is what the page before gave")


add_desk_page(router, PATH, get_form)
add_desk_page(router, f"{PATH}/{{name}}", get_report, parameters=_FILTERS)
add_desk_page(router, f"{PATH}/{{name}}/report.csv", get_csv, parameters=_FILTERS)
add_desk_page(router, f"{PATH}/{{name}}/report.json", get_json)
add_desk_page(router, f"{PATH}/{{name}}/fields", get_fields, parameters=frozenset({"after"}))
add_desk_form(router, f"{PATH}/{{name}}/drop", post_drop)


async def _in_chinese(request: Request) -> Response:
    return await post_form(request, "zh")


async def _english(request: Request) -> Response:
    return await post_form(request, "en")


for _address, _endpoint in ((PATH, _in_chinese), (in_english(PATH), _english)):
    router.add_api_route(_address, _endpoint, methods=["POST"], include_in_schema=False, response_class=Response)
