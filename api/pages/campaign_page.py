"""`/c/{campaign}`: what was called for, and who takes part; `/c/{campaign}.csv` exports exactly the page that is shown.

What is searched for and where one is stand in the address. Never by level.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.enterprise_ids import name_of
from api.pages.csp import PAGE_HEADERS
from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.service.service import Service
from ledger.errors import NotFound

__all__ = ["CampaignView", "router"]

PATH: Final = "/c/{campaign}"
_PAGE: Final = 50
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for one

router = APIRouter()


class Participant(NamedTuple):
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """`shown` and `following` are queries: of this page, and of the next (empty: none)."""

    campaign: Mapping[str, Any]
    id: str
    pledges: int
    q: str
    participants: Sequence[Participant]
    shown: str
    following: str


def get_csv(request: Request) -> Response:
    """The participants on the page with the same query, UTF-8 with a byte order mark, as spreadsheets want it."""
    view = _view(request)
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(["id", "name"])
    for one in view.participants:
        lines.writerow([_inert(one.id), _inert(one.name)])
    headers = {
        **PAGE_HEADERS,
        "Content-Disposition": f'attachment; filename="campaign-{view.id}.csv"',
        "Cache-Control": "public, max-age=60",
    }
    return Response(written.getvalue().encode("utf-8-sig"), headers=headers, media_type="text/csv; charset=utf-8")


# Before the page, whose pattern would take the ending for a part of the name.
router.add_api_route(f"{PATH}.csv", get_csv, methods=["GET", "HEAD"], include_in_schema=False, response_class=Response)


def get_campaign(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    view = _view(request)
    zh: str = view.campaign["name_zh"]
    name = zh if language == "zh" else view.campaign["name_en"] or zh
    book = "质量诚信账本" if language == "zh" else "Credit Ledger"
    asked, title = urlencode({"q": view.q}) if view.q else "", f"{name} · {book}"
    page = PageFrame(f"/c/{view.id}", language, title, name, service.demo, indexed=not view.q, asked=asked)
    return answer(request, "campaign.html", page, view)


add_page(router, PATH, get_campaign)


def _view(request: Request) -> CampaignView:
    service: Service = request.app.state.service
    name: str = request.path_params["campaign"]
    subject = f"campaign:{name}"
    document = service.views.declarations.campaign(subject)
    if document is None:
        service.require_current()
        raise NotFound(f"no campaign {name[:64]}")
    q = request.query_params.get("q", "").strip()
    cursor = request.query_params.get("cursor", "")
    found = service.views.search.search(q, campaign=subject, cursor=cursor, limit=_PAGE)
    asked = {key: value for key, value in (("q", q), ("cursor", cursor)) if value}
    return CampaignView(
        msgspec.json.decode(document.body),
        name,
        service.views.declarations.campaign_pledges_count(subject),
        q,
        [Participant(name_of(one.subject), one.name) for one in found.found],
        urlencode(asked),
        urlencode(asked | {"cursor": found.cursor}) if found.cursor else "",
    )


def _inert(cell: str) -> str:
    """No spreadsheet computes it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
