"""`/p/{code}`: a pledge as it stands now: text, term, fulfilment, certificate, receipt.

The code that is printed on a certificate leads here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.enterprise_ids import name_of
from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.pages.words import GROUNDS, RESULTS, SCOPES, Word, pledge_word
from api.service.service import Service
from ledger.errors import NotFound

__all__ = ["PledgeView", "router"]

PATH: Final = "/p/{code}"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PledgeView:
    """`pledge` as `/v1/pledges/{code}` gives it; `stub`: it was repudiated, and has no text any more; `ground`: why it
    was revoked, if it was."""

    pledge: Mapping[str, Any]
    enterprise: str
    name: str | None
    state: Word
    ground: Word | None
    scope: Word
    clauses: Sequence[Word]
    results: Sequence[tuple[Mapping[str, Any], Word]]
    campaign: Mapping[str, Any] | None
    stub: bool


def get_pledge(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    code: str = request.path_params["code"]
    found = service.views.declarations.pledge(code, service.today())
    if found is None:
        service.require_current()
        raise NotFound(f"no public pledge has the code {code[:20]}")
    pledge: dict[str, Any] = msgspec.json.decode(found.document.body)
    about = service.views.search.enterprise(found.subject)
    opened = service.views.declarations.campaign(found.campaign)
    campaign: dict[str, Any] | None = None if opened is None else msgspec.json.decode(opened.body)
    stub = "scope" not in pledge
    named = {one["id"]: Word(one["zh"], one["en"] or one["zh"]) for one in (campaign or {}).get("clauses", ())}
    view = PledgeView(
        pledge,
        name_of(found.subject),
        None if about is None else about.name,
        pledge_word(pledge),
        GROUNDS.get(str((pledge.get("end") or {}).get("ground"))),
        Word("承诺", "pledge") if stub else SCOPES[pledge["scope"]],
        () if stub else [named.get(one, Word(one, one)) for one in pledge["clauses"]],
        () if stub else [(one, RESULTS[one["result"]]) for one in pledge["assessments"]],
        campaign,
        stub,
    )
    shown = view.name or view.enterprise
    title = f"{shown} · 承诺 {code} · 质量诚信账本" if language == "zh" else f"{shown} · Pledge {code} · Credit Ledger"
    individual = found.subject.startswith("local:")
    page = PageFrame(f"/p/{code}", language, title, title, service.demo, indexed=not individual)
    return answer(request, "pledge.html", page, view)


add_page(router, PATH, get_pledge)
