"""`/how`, `/help` and `/data`: what does not change from book to book: verification, a consumer's ways, open data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer
from api.pages.words import Word
from api.service.service import Service

__all__ = ["TEXT_PAGES", "TextView", "router"]

router = APIRouter()


class TextPage(NamedTuple):
    """A page of text: its address, its template, what it is called and what it tells."""

    path: str
    template: str
    title: Word
    description: Word


@dataclass(frozen=True, slots=True)
class TextView:
    """What of this log the texts name; `campaign` is the id of the newest one, empty in a book without."""

    origin: str
    campaign: str


TEXT_PAGES: Final = (
    TextPage(
        "/how",
        "how.html",
        Word("怎样核验，还要相信谁", "How verification works, and whom one still trusts"),
        Word(
            "账本的记录怎样核验：签名、收据、完整性证明各能证明什么，不能证明什么，还要相信谁。",
            "What signatures, receipts and completeness proofs show, what they cannot, and whom one still trusts.",
        ),
    ),
    TextPage(
        "/help",
        "help.html",
        Word("辨别假冒与消费维权", "Counterfeits, and what consumers can do"),
        Word(
            "怎样核对商品和标识，买到问题商品有哪些权利，向谁投诉：企业、12315、消费者组织、协会。",
            "How to compare a product and its mark, what a buyer is entitled to, and where to complain: 12315.",
        ),
    ),
    TextPage(
        "/data",
        "data.html",
        Word("开放数据", "Open data"),
        Word(
            "有哪些数据，怎样取用，使用者有哪些义务：注明出处与日期，跟随更正，信用修复后停止使用。",
            "What there is, how to get it, and what users owe: source, date, corrections, an end on repair.",
        ),
    ),
)


def get_text(about: TextPage, request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    campaigns = service.views.declarations.campaigns()
    view = TextView(service.origin, campaigns[0][0].partition(":")[2] if campaigns else "")
    title, said = (about.title.zh, about.description.zh) if language == "zh" else (about.title.en, about.description.en)
    book = "质量诚信账本" if language == "zh" else "Credit Ledger"
    page = PageFrame(about.path, language, f"{title} · {book}", said, service.demo)
    return answer(request, about.template, page, view)


for _one in TEXT_PAGES:
    add_page(router, _one.path, partial(get_text, _one))
