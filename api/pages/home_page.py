"""`/`: what this is, a search, this year's campaign with its participants by count, where each kind of visitor goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.service.service import Service

__all__ = ["HomeView", "router"]

PATH: Final = "/"

router = APIRouter()


_CAMPAIGNS_SHOWN: Final = 2  # one that is open now does not hide the one that most people look for


class HomeCampaign(NamedTuple):
    """A campaign as `/v1/campaigns` gives it, and how many pledges of it are public."""

    id: str
    said: dict[str, Any]
    pledges: int


@dataclass(frozen=True, slots=True)
class HomeView:
    """The newest campaigns, none in a book without; `size`: the log's entries."""

    campaigns: Sequence[HomeCampaign]
    size: int


def get_home(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    declarations = service.views.declarations
    campaigns = [
        HomeCampaign(
            subject.partition(":")[2], msgspec.json.decode(document.body), declarations.campaign_pledges_count(subject)
        )
        for subject, document in declarations.campaigns()[:_CAMPAIGNS_SHOWN]
    ]
    view = HomeView(campaigns, service.progress.size)
    title = "质量诚信账本：企业的承诺与践诺" if language == "zh" else "Credit Ledger: what enterprises pledged and kept"
    said = (
        "查询企业的质量诚信承诺、履行情况和投诉办理结果；每条记录均经签名，任何人可以核验。"
        if language == "zh"
        else "What enterprises pledged, whether they kept it, and how complaints ended: signed, for anybody to verify."
    )
    return answer(request, "home.html", PageFrame(PATH, language, title, said, service.demo), view)


add_page(router, PATH, get_home)
