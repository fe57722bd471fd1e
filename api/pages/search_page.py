"""`/search?q=`: enterprises by name, former name, pinyin or code, each with why it matched. Never by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.http.enterprise_ids import name_of
from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.pages.words import Word
from api.service.service import Service
from projections.search.matching import MATCHED

__all__ = ["SearchPageView", "router"]

PATH: Final = "/search"
_PAGE: Final = 20

router = APIRouter()


class HitView(NamedTuple):
    id: str
    name: str
    why: Word | None
    former_name: str | None


@dataclass(frozen=True, slots=True)
class SearchPageView:
    """`following` is the query of the next page, empty where this is the last."""

    q: str
    hits: list[HitView]
    following: str


def get_search(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    q = request.query_params.get("q", "").strip()
    cursor = request.query_params.get("cursor", "")
    if not q:
        return RedirectResponse("/" if language == "zh" else "/en", 303)
    found = service.views.search.search(q, cursor=cursor, limit=_PAGE)
    if not found.found:
        service.require_current()
    hits = [
        HitView(name_of(one.subject), one.name, Word(*MATCHED[one.matched]) if one.matched else None, one.former_name)
        for one in found.found
    ]
    following = urlencode({"q": q, "cursor": found.cursor}) if found.cursor else ""
    title = f"{q} · 查询 · 质量诚信账本" if language == "zh" else f"{q} · Search · Credit Ledger"
    page = PageFrame(PATH, language, title, title, service.demo, indexed=False, query=q, asked=urlencode({"q": q}))
    return answer(request, "search.html", page, SearchPageView(q, hits, following))


add_page(router, PATH, get_search)
