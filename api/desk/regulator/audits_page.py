"""`/desk/audits`: audits of the whole database, started here, run in the background, stopped, and read.

One at a time, yielding to everything else. It is the operator's machine that computes: who trusts nobody audits what
the log publishes with a program of his own (docs/audit.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, not_for_this_desk, to
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.audit_runs import HTML, JSON, AuditRun
from api.service.service import SHANGHAI, Service
from ledger.errors import Busy

__all__ = ["AuditsContent", "ReportContent", "router"]

PATH: Final = "/desk/audits"
_STATES: Final[Mapping[str, Word]] = {
    "running": Word("进行中", "under way", "pledged"),
    "done": Word("已完成", "done", "good"),
    "failed": Word("未能完成", "could not be completed", "alert"),
    "ended": Word("已中止", "was ended", "watch"),
}
_RESULTS: Final[Mapping[str, Word]] = {
    "clean": Word("未发现问题", "nothing was found broken", "good"),
    "findings": Word("发现问题", "broken promises were found", "closed"),
    "not completed": Word("未能完成", "could not be completed", "alert"),
}
#: What `ledger.audit` says that it is looking at.
_LOOKED_AT: Final[Mapping[str, Word]] = {
    "tree": Word("检查点与树", "checkpoints and tree"),
    "entries": Word("逐条记录", "entry by entry"),
}
_MEDIA: Final = {HTML: "text/html; charset=utf-8", JSON: "application/json"}

router = APIRouter()


class RunRow(NamedTuple):
    """An audit that was started at a desk. `began` in Asia/Shanghai; `looked_at` is what one that runs is at."""

    run: AuditRun
    began: datetime
    state: Word
    looked_at: Word | None


@dataclass(frozen=True, slots=True)
class AuditsContent:
    """The newest first; `running` says whether one is under way."""

    runs: Sequence[RunRow]
    running: bool


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A report as the audit wrote it (`api/auditing/audit_report.py`)."""

    name: str
    began: datetime
    result: Word
    report: Mapping[str, Any]


def get_audits(request: Request, language: Language, officer: Officer) -> Response:
    service = _service(request, officer)
    runs = service.audits.all()
    rows = [RunRow(one, _moment(one.began_at), _STATES[one.state], _looked_at(one)) for one in runs]
    content = AuditsContent(rows, any(one.state == "running" for one in runs))
    title = ("审计", "Audits")
    return desk_answer(request, language, officer, PageTemplate("desk/regulator/audits.html", PATH, title), content)


def post_start(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    service = _service(request, officer)
    log_look(request, officer, "served")  # the program reads every body
    with suppress(Busy):  # one is under way: the page shows it
        service.audits.start()
    return to(PATH, language)


def post_stop(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    _service(request, officer).audits.stop()
    return to(PATH, language)


def get_report(request: Request, language: Language, officer: Officer) -> Response:
    service = _service(request, officer)
    name: str = request.path_params["name"]
    report = service.audits.report(name)
    content = ReportContent(name, _moment(int(name)), _RESULTS[report["result"]], report)
    title = ("审计报告", "Report of an audit")
    path = f"{PATH}/{name}"
    return desk_answer(
        request, language, officer, PageTemplate("desk/regulator/audit_report.html", path, title), content
    )


def get_html(request: Request, _: Language, officer: Officer) -> Response:
    return _file(request, officer, HTML)


def get_json(request: Request, _: Language, officer: Officer) -> Response:
    return _file(request, officer, JSON)


def _file(request: Request, officer: Officer, which: str) -> Response:
    name: str = request.path_params["name"]
    content = _service(request, officer).audits.file(name, which)
    named = f'attachment; filename="audit-{name}.{which.partition(".")[2]}"'
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Disposition": named}
    return Response(content, headers=headers, media_type=_MEDIA[which])


def _service(request: Request, officer: Officer) -> Service:
    """Raises `AccessDenied` for whoever does not watch the log."""
    if not officer.watches_log:
        raise not_for_this_desk()
    service: Service = request.app.state.service
    return service


def _looked_at(run: AuditRun) -> Word | None:
    what = "" if run.progress is None else run.progress.what
    return _LOOKED_AT.get(what, Word(what, what)) if what else None


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, SHANGHAI)


add_desk_page(router, PATH, get_audits)
add_desk_form(router, f"{PATH}/start", post_start)
add_desk_form(router, f"{PATH}/stop", post_stop)
add_desk_page(router, f"{PATH}/{{name}}", get_report)
add_desk_page(router, f"{PATH}/{{name}}/report.html", get_html)
add_desk_page(router, f"{PATH}/{{name}}/report.json", get_json)
