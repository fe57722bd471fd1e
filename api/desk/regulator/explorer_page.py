"""`/desk/explorer`: all events, by subject, type, issuer, time and place, the newest first; `.csv` and `.ndjson` export
what the same address shows, this page and those after it.

A sealed entry's type is said here, not what it says; that is why the list is for those who may read closed bodies, and
each look at it is logged.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_page, desk_answer
from api.desk.regulator.closed_readers import require_reader
from api.desk.regulator.event_filter import PARAMETERS, SEALED, EventFilter, read_filter
from api.desk.regulator.event_rows import ListedEvent, event_type_word, listed
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.http.errors import InvalidRequest
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.rules.catalogue import SPECS
from ledger.limits import EXPLORER_EXPORT_ROWS_MAX, EXPLORER_PAGE_MAX

__all__ = ["PATH", "ExplorerContent", "router"]

PATH: Final = "/desk/explorer"
_COLUMNS: Final = ("entry", "recorded_at", "type", "sealed", "subject", "subject_name", "issuer", "issuer_name")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for one

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ExplorerContent:
    """A page of the events that were looked for.

    `types` can be chosen; `following` is the query of the next page, empty where this is the last.
    """

    filter: EventFilter
    types: Sequence[tuple[str, Word]]
    rows: Sequence[ListedEvent]
    following: str
    export_rows_max: int = EXPLORER_EXPORT_ROWS_MAX


def get_explorer(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    require_reader(service, request, officer)
    asked = read_filter(request.query_params)
    rows: list[ListedEvent] = []
    following = ""
    if not asked.wrong:
        log_look(request, officer, "served", asked.about)
        page = service.views.events.page(asked.query, EXPLORER_PAGE_MAX)
        rows = listed(service, page.found)
        following = "" if page.cursor is None else asked.address(cursor=str(page.cursor))
    types = sorted(((name, event_type_word(name)) for name in (*SPECS, SEALED)), key=lambda one: one[1].zh)
    content = ExplorerContent(asked, types, rows, following)
    title = ("事件检索", "All events")
    answer = desk_answer(request, language, officer, PageTemplate("desk/regulator/explorer.html", PATH, title), content)
    answer.status_code = 422 if asked.wrong else 200
    return answer


def get_csv(request: Request, _: Language, officer: Officer) -> Response:
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(_COLUMNS)
    for row in _exported(request, officer):
        lines.writerow([_inert(value) for value in row.values()])
    return _file(written.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "events.csv")


def get_ndjson(request: Request, _: Language, officer: Officer) -> Response:
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in _exported(request, officer))
    return _file(lines, "application/x-ndjson", "events.ndjson")


def _exported(request: Request, officer: Officer) -> list[dict[str, Any]]:
    """What the list of the same address shows, from its page on. Raises `InvalidRequest`."""
    service: Service = request.app.state.service
    require_reader(service, request, officer)
    asked = read_filter(request.query_params)
    if asked.wrong:
        name, why = next(iter(asked.wrong.items()))
        raise InvalidRequest(f"explorer.{name}", why.zh, why.en)
    log_look(request, officer, "served", asked.about)
    page = service.views.events.page(asked.query, EXPLORER_EXPORT_ROWS_MAX)
    return [
        {
            "entry": one.entry,
            "recorded_at": one.recorded.isoformat(),
            "type": one.type,
            "sealed": one.sealed,
            "subject": one.subject,
            "subject_name": one.subject_name,
            "issuer": one.issuer,
            "issuer_name": one.issuer_name,
        }
        for one in listed(service, page.found)
    ]


def _inert(value: object) -> object:
    """A cell that no spreadsheet computes."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {
        **PAGE_HEADERS,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=media_type)


add_desk_page(router, PATH, get_explorer, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}.csv", get_csv, parameters=PARAMETERS)
add_desk_page(router, f"{PATH}.ndjson", get_ndjson, parameters=PARAMETERS)
