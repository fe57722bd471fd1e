"""Following an enterprise by mail: asked for at its page, confirmed and ended by the link that only the mail has.

What is asked for is answered alike whether the address is known, was asked for before, or has too many: nobody learns
whether somebody follows. A link does nothing by being looked at, as mail scanners look at every link: a button does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import form_fields, read_bounded
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import Gone, InvalidRequest, problem_of
from api.http.same_origin import WebOrigins
from api.notices.follow_links import followed_by
from api.notices.notice_texts import called
from api.pages.csp import PAGE_HEADERS
from api.pages.localized import add_page, problem_page
from api.pages.rendering import Language, PageFrame, in_english, render
from api.pages.words import Word
from api.service.client_hash import client_hash
from api.service.service import Service
from ledger.errors import LedgerError, NotFound
from ledger.limits import DESK_FORM_BYTES_MAX, FOLLOW_ADDRESS_CHARS_MAX
from ledger.store.desk_follows import MailFollow

__all__ = ["MailFollowView", "mail_address", "router"]

_USE: Final = b"credit-ledger follow client\n"
# What mail programs write without quotes (RFC 5321 §4.1.2), in ASCII: servers need no extension for it.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MailFollowView:
    """`state`: `wrong` (what was typed is no address), `asked`, `unconfirmed`, `confirmed`, `ended`. `path` is the
    enterprise's page, None for a party's own notices; `name` is that of the link."""

    state: str
    called: str
    path: str | None
    name: str = ""
    typed: str = ""
    problem: Word | None = None


def mail_address(typed: str) -> str | None:
    """A mail address as people type it, the domain in small letters; None for what is none."""
    address = typed.strip()
    if len(address) > FOLLOW_ADDRESS_CHARS_MAX or not _ADDRESS.fullmatch(address):
        return None
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _ask(request: Request, language: Language, given: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    if not service.mails:
        raise InvalidRequest("notice.no_mail", "本服务不发邮件", "this service sends no mail")
    subject = subject_of(request.path_params["name"])
    if not service.store.stream_indices(subject, limit=1):
        raise NotFound("there is nothing about it in this book")
    path, typed = f"/e/{name_of(subject)}", given.get("address", "")
    address = mail_address(typed)
    if address is None:
        problem = Word("请填完整的电子邮箱", "a whole e-mail address")
        view = MailFollowView("wrong", called(service, subject, language), path, typed=typed[:300], problem=problem)
        return _page(request, language, f"{path}/follow", view, 422)
    client = client_hash(service, "-" if request.client is None else request.client.host, _USE)
    service.store.follows.ask(
        service.notice_keys,
        subject=subject,
        address=address,
        language=language,
        client=client,
        at=service.sound_clock(),
    )
    return _page(request, language, f"{path}/follow", MailFollowView("asked", called(service, subject, language), path))


def _get(request: Request, language: Language) -> Response:
    follow = _named(request)
    return _shown(request, language, follow, "unconfirmed" if follow.confirmed_at is None else "confirmed")


def _confirm(request: Request, language: Language, _: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    follow = _named(request)
    service.store.follows.confirm(follow.id, service.sound_clock())
    return _shown(request, language, follow, "confirmed")


def _end(request: Request, language: Language, _: dict[str, str]) -> Response:
    """By the page's button, or by the mail program's (RFC 8058): one POST, without a cookie, and it is done. Once more
    is no error."""
    service: Service = request.app.state.service
    follow = _named(request)
    service.store.follows.end(follow.id, service.notice_keys)
    return _shown(request, language, follow, "ended")


def _named(request: Request) -> MailFollow:
    """Raises `Gone`, for a link that was ended, ran out, or never was."""
    service: Service = request.app.state.service
    follow = followed_by(service, request.path_params["name"])
    if follow is None:
        raise Gone(
            "notice.no_follow",
            "这个链接已失效：已取消关注，或没有在两天内确认",
            "this link leads nowhere any more: it was ended, or not confirmed within two days",
        )
    return follow


def _shown(request: Request, language: Language, follow: MailFollow, state: str) -> Response:
    service: Service = request.app.state.service
    page = None if follow.subject.startswith("party:") else f"/e/{name_of(follow.subject)}"
    name = request.path_params["name"]
    return _page(
        request,
        language,
        f"/follow/{name}",
        MailFollowView(state, called(service, follow.subject, language), page, name),
    )


def _page(request: Request, language: Language, path: str, view: MailFollowView, status: int = 200) -> Response:
    service: Service = request.app.state.service
    said = "邮件通知 · 质量诚信账本" if language == "zh" else "Notices by mail · Credit Ledger"
    page = PageFrame(path, language, said, said, service.demo, indexed=False)
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Language": page.lang}
    return Response(render("follow.html", page, view), status, headers, "text/html; charset=utf-8")


Act = Callable[[Request, Language, dict[str, str]], Response]


def _add_form(path: str, act: Act, *, own_page: bool) -> None:
    """`own_page`: sent by a page of this site, and by nothing else."""

    def answering(language: Language) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            service: Service = request.app.state.service
            try:
                if own_page:
                    WebOrigins(service.public_url).require(request)
                given = form_fields(await read_bounded(request.receive, DESK_FORM_BYTES_MAX)) if own_page else {}
                return await run_in_threadpool(act, request, language, given)
            except LedgerError as error:
                return await run_in_threadpool(problem_page, request, language, problem_of(error))

        return answer

    for address, endpoint in ((path, answering("zh")), (in_english(path), answering("en"))):
        router.add_api_route(address, endpoint, methods=["POST"], include_in_schema=False, response_class=Response)


add_page(router, "/follow/{name}", _get)
_add_form("/e/{name}/follow", _ask, own_page=True)
_add_form("/follow/{name}/confirm", _confirm, own_page=True)
_add_form("/follow/{name}/end", _end, own_page=False)
