"""`/m/{serial}` for people: what a scanned mark covers, on the day of production; and what it cannot prove.

Nothing on it is green, and no tick: a serial can be copied from a genuine product onto a forged one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.errors import Problem, problem_of
from api.pages.localized import problem_page
from api.pages.rendering import Language, PageFrame, answer
from api.service.mark_ranges import MarkRanges
from api.service.scanned_marks import produced_on, scanned_mark
from api.service.service import Service
from ledger.errors import LedgerError

__all__ = ["MarkView", "router"]

PATH: Final = "/m/{serial}"
_UNKNOWN: Final = Problem(
    404,
    "mark.unknown",
    "查无此标识：序列号有误，或标识系伪造。请核对序列号；仍查不到的，向销售者询问，或拨打 12315。",
    "No such mark was ever issued: the serial is mistyped, or the mark is forged. Compare the serial; if it is still "
    "not found, ask the seller or call 12315.",
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MarkView:
    """`mark` is the document that programs get."""

    mark: Mapping[str, Any]
    today: str


@router.api_route(PATH, methods=["GET", "HEAD"], include_in_schema=False, response_class=Response)
async def get_mark(request: Request, serial: str) -> Response:
    return await _answer(request, "zh", serial)


@router.api_route(f"/en{PATH}", methods=["GET", "HEAD"], include_in_schema=False, response_class=Response)
async def get_mark_in_english(request: Request, serial: str) -> Response:
    return await _answer(request, "en", serial)


async def _answer(request: Request, language: Language, serial: str) -> Response:
    service: Service = request.app.state.service
    ranges: MarkRanges = request.app.state.mark_ranges
    today = service.today()
    try:
        production = produced_on(request.query_params.get("produced_on") or None, today)
        found = await scanned_mark(ranges, serial, today, production)
        if found is None:
            service.require_current()
            return problem_page(request, language, _UNKNOWN)
    except LedgerError as error:
        return problem_page(request, language, problem_of(error))
    mark = msgspec.json.decode(msgspec.json.encode(found))
    title = "3·15 专用标识 · 质量诚信账本" if language == "zh" else "3·15 mark · Credit Ledger"
    asked = "" if production is None else urlencode({"produced_on": str(production)})
    page = PageFrame(f"/m/{mark['serial']}", language, title, title, service.demo, indexed=False, asked=asked)
    response = answer(request, "mark.html", page, MarkView(mark, today.isoformat()))
    response.headers["Vary"] = "Accept"
    return response
