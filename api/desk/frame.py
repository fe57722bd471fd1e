"""The frame of desk pages: who is signed in, nothing kept by any cache; and where somebody goes who is not signed in.

Like public pages they stand at `/…` in Chinese and at `/en/…` in English. A domain error becomes a page, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.desk.list_filters import unknown_parameter
from api.desk.navigation import Room, room_at, rooms_of
from api.desk.roles import EndedSession, Officer
from api.desk.sessions import FORM_FIELD, form_of, form_token, set_cookie, signed_in
from api.http.errors import AccessDenied, problem_of
from api.http.same_origin import WebOrigins
from api.pages.csp import PAGE_HEADERS
from api.pages.localized import problem_page
from api.pages.rendering import Language, PageFrame, in_english, render
from api.service.service import Service
from ledger.errors import LedgerError
from ledger.limits import DESK_FORM_BYTES_MAX

__all__ = [
    "SIGN_IN",
    "DeskView",
    "PageTemplate",
    "add_desk_form",
    "add_desk_page",
    "desk_answer",
    "not_for_this_desk",
    "private_page",
    "to",
    "to_sign_in",
]

SIGN_IN: Final = "/desk/sign-in"
_METHODS: Final = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class DeskView:
    """What the frame shows, around the page's own `content`. `officer` is None on pages before the sign-in."""

    officer: Officer | None
    form_token: str
    content: object

    @property
    def form_field(self) -> str:
        """The name of the field in which forms carry the token."""
        return FORM_FIELD

    @property
    def rooms(self) -> Sequence[Room]:
        """The rooms that the navigation shows."""
        return rooms_of(self.officer)

    def current(self, room: Room, path: str) -> str:
        """What `aria-current` says of a room at an address: "page" at its own, "true" below it, "" elsewhere."""
        if room.path == path:
            return "page"
        return "true" if room_at(path) == room else ""


DeskPage = Callable[[Request, Language, Officer], Response]
DeskAct = Callable[[Request, Language, Officer, dict[str, str]], Response]


class PageTemplate(NamedTuple):
    """Which page it is: the template's file, the address in Chinese, the title in Chinese and English."""

    file: str
    path: str
    title: tuple[str, str]
    scripts: tuple[str, ...] = ()


def desk_answer(
    request: Request,
    language: Language,
    officer: Officer | None,
    template: PageTemplate,
    content: object,
    *,
    status: int = 200,
) -> Response:
    """The page of a desk. `officer` is None before the sign-in."""
    token = "" if officer is None else form_token(request.app.state.service, request)
    return private_page(request, language, template, DeskView(officer, token, content), status)


def private_page(
    request: Request, language: Language, template: PageTemplate, view: object, status: int = 200
) -> Response:
    """A page that is kept by no cache and shown by no search engine; `desk_answer` adds who is signed in."""
    service: Service = request.app.state.service
    zh, en = template.title
    said = f"{zh} · 质量诚信账本" if language == "zh" else f"{en} · Credit Ledger"
    here = request.url.path.removeprefix("/en") == template.path and request.method in _METHODS
    asked = request.url.query if here else ""  # which the page in the other language knows as well
    page = PageFrame(
        template.path, language, said, said, service.demo, scripts=template.scripts, indexed=False, asked=asked
    )
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Language": page.lang}
    return Response(render(template.file, page, view), status, headers, "text/html; charset=utf-8")


def add_desk_page(
    router: APIRouter, path: str, page: DeskPage, *, parameters: frozenset[str] | None = frozenset()
) -> None:
    """Serve a page for whoever is signed in; others are led to the sign-in. It runs in a thread: it may block.

    Other `parameters` than these are refused before anything is looked at, or logged; None where the page sees to it.
    """

    def answer(request: Request, language: Language) -> Response:
        try:
            officer = signed_in(request.app.state.service, request)
            if parameters is not None and not parameters.issuperset(request.query_params):
                raise unknown_parameter(parameters)
            return page(request, language, officer)
        except EndedSession as ended:
            return to_sign_in(request, language, ended.why)
        except LedgerError as error:
            return problem_page(request, language, problem_of(error))

    def in_chinese(request: Request) -> Response:
        return answer(request, "zh")

    def english(request: Request) -> Response:
        return answer(request, "en")

    router.add_api_route(path, in_chinese, methods=_METHODS, include_in_schema=False, response_class=Response)
    router.add_api_route(in_english(path), english, methods=_METHODS, include_in_schema=False, response_class=Response)


def add_desk_form(router: APIRouter, path: str, act: DeskAct, *, bytes_max: int = DESK_FORM_BYTES_MAX) -> None:
    """Take a form for whoever is signed in, once it is sure that a page of this site sent it in this very session."""

    async def answer(request: Request, language: Language) -> Response:
        service: Service = request.app.state.service
        try:
            fields = await form_of(service, request, bytes_max)
            return await run_in_threadpool(_acting, act, request, language, fields)
        except EndedSession as ended:
            return to_sign_in(request, language, ended.why)
        except LedgerError as error:
            return await run_in_threadpool(problem_page, request, language, problem_of(error))

    async def in_chinese(request: Request) -> Response:
        return await answer(request, "zh")

    async def english(request: Request) -> Response:
        return await answer(request, "en")

    for address, endpoint in ((path, in_chinese), (in_english(path), english)):
        router.add_api_route(address, endpoint, methods=["POST"], include_in_schema=False, response_class=Response)


def _acting(act: DeskAct, request: Request, language: Language, fields: dict[str, str]) -> Response:
    return act(request, language, signed_in(request.app.state.service, request), fields)


def to(path: str, language: Language, query: dict[str, str] | None = None) -> RedirectResponse:
    """Go on at another page, by GET."""
    address = path if language == "zh" else in_english(path)
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(address + asked, 303, headers={**PAGE_HEADERS, "Cache-Control": "no-store"})


def not_for_this_desk() -> AccessDenied:
    """For whoever is signed in, but not in a role that this desk is for. To be raised."""
    return AccessDenied(
        403,
        "desk.not_for_this_role",
        "该工作台不属于当前登录主体的角色",
        "this desk is not for the roles of the party that is signed in",
    )


def to_sign_in(request: Request, language: Language, why: str) -> Response:
    """Where somebody goes whose session ended (`EndedSession.why`)."""
    service: Service = request.app.state.service
    response = to(SIGN_IN, language, None if why == "none" else {"ended": why})
    if why != "none":
        set_cookie(response, WebOrigins(service.public_url), None)
    return response
