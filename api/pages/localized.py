"""A page at both its addresses, Chinese and English; and what a reader sees where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.errors import Problem, problem_of
from api.pages.rendering import Language, PageFrame, answer, in_english
from api.service.service import Service
from ledger.errors import LedgerError

__all__ = ["PageAnswer", "add_page", "problem_page"]

PageAnswer = Callable[[Request, Language], Response]
_METHODS: Final = ["GET", "HEAD"]


def add_page(router: APIRouter, path: str, page: PageAnswer) -> None:
    """Serve `page` at `path` in Chinese and below `/en` in English; a domain error becomes a page, too.

    It runs in a thread: it may block on the database.
    """

    def in_chinese(request: Request) -> Response:
        return _guarded(request, "zh", page)

    def english(request: Request) -> Response:
        return _guarded(request, "en", page)

    router.add_api_route(path, in_chinese, methods=_METHODS, include_in_schema=False, response_class=Response)
    router.add_api_route(in_english(path), english, methods=_METHODS, include_in_schema=False, response_class=Response)


def problem_page(request: Request, language: Language, problem: Problem) -> Response:
    """The page that says what is wrong and what to do next, with the problem's status; not for search engines."""
    service: Service = request.app.state.service
    title = {"zh": "没有找到" if problem.status == 404 else "无法办理", "en": "Nothing to show"}[language]
    book = {"zh": "质量诚信账本", "en": "Credit Ledger"}[language]
    path = request.url.path.removeprefix("/en") or "/"
    if request.method not in _METHODS:  # a form's own address may have no page in the other language, or in any
        path = "/desk" if path.startswith("/desk/") else "/"
    page = PageFrame(path, language, f"{title} · {book}", title, service.demo, indexed=False)
    return answer(request, "problem.html", page, problem, status=problem.status)


def _guarded(request: Request, language: Language, page: PageAnswer) -> Response:
    try:
        return page(request, language)
    except LedgerError as error:
        return problem_page(request, language, problem_of(error))
