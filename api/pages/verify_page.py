"""`/verify`: files are verified in the reader's own browser (`static/verify/`); the server only hands out the program.

What the page says without scripts is how to do the same with the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.rendering import Language, PageFrame, answer
from api.service.service import Service

__all__ = ["VerifyView", "router"]

PATH: Final = "/verify"
_TITLE: Final = {"zh": "核验 · 质量诚信账本", "en": "Verify · Credit Ledger"}
_DESCRIPTION: Final = {
    "zh": "在您自己的浏览器里核验账本的声明、收据、承诺公告、完整性证明和践诺状况：文件不上传，不依赖本站的结论。",
    "en": "Verify statements, receipts, certificates, completeness bundles and signed standings of this book in "
    "your own browser: nothing is uploaded, and nothing rests on what this site says.",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class VerifyView:
    """What the page tells of this log: its name, and where its trust file is."""

    origin: str
    trust_path: str


@router.api_route(PATH, methods=["GET", "HEAD"], include_in_schema=False)
def get_verify(request: Request) -> Response:
    return _answer(request, "zh")


@router.api_route(f"/en{PATH}", methods=["GET", "HEAD"], include_in_schema=False)
def get_verify_in_english(request: Request) -> Response:
    return _answer(request, "en")


def _answer(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    page = PageFrame(
        path=PATH,
        language=language,
        title=_TITLE[language],
        description=_DESCRIPTION[language],
        demo=service.demo,
        scripts=("verify/page.js",),
    )
    return answer(request, "verify.html", page, VerifyView(service.origin, "/.well-known/credit-ledger-trust.json"))
