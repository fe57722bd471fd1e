"""`/`: what this is, a search, this year's campaign with its participants by count, where each kind of visitor goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.service.service import Service

__all__ = ["HomeView", "router"]

PATH: Final = "/"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class HomeView:
    """`campaign` is the newest one as `/v1/campaigns` gives it, None in a book without; `size` the log's entries."""

    campaign: dict[str, Any] | None
    campaign_id: str
    pledges: int
    size: int


def get_home(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    campaigns = service.views.declarations.campaigns()
    campaign, subject, pledges = None, "", 0
    if campaigns:
        subject, document = campaigns[0]
        campaign = msgspec.json.decode(document.body)
        pledges = service.views.declarations.campaign_pledges_count(subject)
    view = HomeView(campaign, subject.partition(":")[2], pledges, service.progress.size)
    title = "质量诚信账本：企业的承诺与践诺" if language == "zh" else "Credit Ledger: what enterprises pledged and kept"
    said = (
        "查询企业的质量诚信承诺、履行情况和投诉办理结果；每条记录均经签名，任何人可以核验。"
        if language == "zh"
        else "What enterprises pledged, whether they kept it, and how complaints ended: signed, for anybody to verify."
    )
    return answer(request, "home.html", PageFrame(PATH, language, title, said, service.demo), view)


add_page(router, PATH, get_home)
