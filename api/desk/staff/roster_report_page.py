"""`/desk/roster/{id}`: the report of a roster's dry run, as pages, tables and fields; rows are signed from it.

GET  /desk/roster/{id}                the report: ?status=&rule=&q=&after=
GET  /desk/roster/{id}/report.csv     the report as the command writes it; of what is shown, by the same query
GET  /desk/roster/{id}/fields         ?after=: rows as fields, from which the browser builds what it signs
POST /desk/roster/{id}/drop           forgets it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.list_filters import not_from_the_page_before, require_choice
from api.desk.roles import Officer
from api.desk.staff.kept_rosters import kept_rosters
from api.desk.staff.roster_dry_run import DryRun
from api.desk.staff.roster_form_page import PATH, require_staff
from api.http.errors import InvalidRequest
from api.importing.import_report import ImportReport, RowReport, Status
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.limits import DESK_ROSTER_PIECE_ROWS

__all__ = ["ROW_STATES", "RosterReport", "router"]

_NO_STORE: Final = {**PAGE_HEADERS, "Cache-Control": "no-store"}
_ROWS: Final = 100
_FILTERS: Final = frozenset({"status", "rule", "q", "after"})
_Q_CHARS_MAX: Final = 60
_SHARED_CHARS_MIN: Final = 4  # less of a sentence says nothing
_ENDS: Final = " ,:;(（，：；“'"

ROW_STATES: Final[dict[Status, Word]] = {
    "accepted": Word("可以登记", "accepted", "good"),
    "already registered": Word("已经登记", "already registered", "pledged"),
    "flagged": Word("须人核实", "flagged", "watch"),
    "refused": Word("不予登记", "refused", "alert"),
    "not sent": Word("未发送", "not sent", "normal"),
}

router = APIRouter()


class ReasonCount(NamedTuple):
    """A reason that rows were kept out for, or are to be looked at: its rule, what it says, of how many rows."""

    rule: str
    word: Word
    rows: int


@dataclass(frozen=True, slots=True)
class RosterReport:
    """A page of a dry run's report.

    `rows` of those that are asked for, which are `found` in all; `query` is of this page, `following` of the next
    (empty: none). `ready`: how many rows the browser may sign.
    """

    name: str
    run: DryRun
    counts: dict[Status, int]
    rules: Sequence[ReasonCount]
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
        _reasons(run.report),
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
        language,
        officer,
        PageTemplate("desk/staff/roster_report.html", path, title, ("desk/roster_page.js",)),
        content,
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
            "试运行是昨天做的；请重新上传，日期以今天为准",
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
    kept_rosters(request).drop(officer.session.id_hash)
    return to(PATH, language)


def _reasons(report: ImportReport) -> list[ReasonCount]:
    """The reasons of a report in words, the commonest first."""
    said: dict[str, tuple[list[str], list[str]]] = {}
    for reason in (reason for row in report.rows for reason in row.reasons):
        zh, en = said.setdefault(reason.rule, ([], []))
        zh.append(reason.zh)
        en.append(reason.en)
    return [ReasonCount(rule, Word(*map(_shared, said[rule])), rows) for rule, rows in report.reasons().items()]


def _shared(texts: Sequence[str]) -> str:
    """What rows with one reason say in common: some go on with what stands in the row."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(min(texts), max(texts), strict=False))
    shared = "".join(one for one, _ in alike).rstrip(_ENDS)
    return texts[0] if len(set(texts)) == 1 or len(shared) < _SHARED_CHARS_MIN else f"{shared}…"


def _own(request: Request, officer: Officer) -> tuple[str, DryRun]:
    """The dry run that the address names. Raises `AccessDenied`, `NotFound`."""
    require_staff(officer)
    name: str = request.path_params["name"]
    return name, kept_rosters(request).get(officer.session.id_hash, name)


def _asked(request: Request, report: ImportReport) -> tuple[dict[str, str], list[RowReport]]:
    """What the address asks for, and the rows that it means (before `after`). Raises `InvalidRequest`."""
    asked = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    status, rule, q = asked.get("status"), asked.get("rule"), asked.get("q", "").casefold()
    if status is not None:
        require_choice("roster.status", "status", status, {str(one): word for one, word in ROW_STATES.items()})
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
    raise not_from_the_page_before("roster.after")


add_desk_page(router, f"{PATH}/{{name}}", get_report, parameters=_FILTERS)
add_desk_page(router, f"{PATH}/{{name}}/report.csv", get_csv, parameters=_FILTERS)
add_desk_page(router, f"{PATH}/{{name}}/report.json", get_json)
add_desk_page(router, f"{PATH}/{{name}}/fields", get_fields, parameters=frozenset({"after"}))
add_desk_form(router, f"{PATH}/{{name}}/drop", post_drop)
