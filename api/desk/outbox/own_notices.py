"""`/desk/notices`: where an officer's party wants to be mailed about what concerns it, confirmed by a link like any
other follow. Addresses are shown masked: whoever gave one knows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.roles import Officer
from api.http.errors import InvalidRequest
from api.pages.follow_pages import mail_address
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.client_hash import client_hash
from api.service.service import SHANGHAI, Service
from ledger.errors import NotFound
from ledger.store.desk_follows import MailFollow

__all__ = ["OwnNoticesContent", "router"]

PATH: Final = "/desk/notices"
_USE: Final = b"credit-ledger party's notices\n"
_ID: Final = re.compile("[0-9a-f]{32}")

router = APIRouter()


class OwnAddress(NamedTuple):
    """`address` masked; times in Asia/Shanghai."""

    id: str
    address: str
    asked: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class OwnNoticesContent:
    """`asked`: a mail is on its way; `typed` and `problem` are of an address that was not taken."""

    rows: Sequence[OwnAddress]
    mails: bool
    asked: bool
    typed: str
    problem: Word | None


def get_notices(request: Request, language: Language, officer: Officer) -> Response:
    return _page(request, language, officer, asked=request.query_params.get("asked") == "1")


def post_notices(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """An address for the party's notices; nothing is sent to it but the confirmation, until that is given."""
    service: Service = request.app.state.service
    if not service.mails:
        raise InvalidRequest("notice.no_mail", "本服务不发邮件", "this service sends no mail")
    typed = fields.get("address", "")
    address = mail_address(typed)
    if address is None:
        problem = Word("请填完整的电子邮箱", "a whole e-mail address")
        return _page(request, language, officer, typed=typed[:300], problem=problem)
    service.store.follows.ask(
        service.notice_keys,
        subject=officer.party,
        address=address,
        language=language,
        client=client_hash(service, officer.party, _USE),
        at=service.sound_clock(),
    )
    return to(PATH, language, {"asked": "1"})


def post_end(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    found = service.store.follows.get(bytes.fromhex(name)) if _ID.fullmatch(name) else None
    if found is None or found.subject != officer.party:
        raise NotFound("your party has no such address")
    service.store.follows.end(found.id, service.notice_keys)
    return to(PATH, language)


def _page(
    request: Request,
    language: Language,
    officer: Officer,
    *,
    asked: bool = False,
    typed: str = "",
    problem: Word | None = None,
) -> Response:
    service: Service = request.app.state.service
    rows = [_row(service, one) for one in service.store.follows.of(officer.party)]
    content = OwnNoticesContent(rows, service.mails, asked, typed, problem)
    title, status = ("邮件通知", "Notices by mail"), 200 if problem is None else 422
    return desk_answer(
        request, language, officer, PageTemplate("desk/outbox/own.html", PATH, title), content, status=status
    )


def _row(service: Service, one: MailFollow) -> OwnAddress:
    address = service.store.follows.address(one, service.notice_keys) or "?@?"
    local, _, domain = address.rpartition("@")
    asked = datetime.fromtimestamp(one.asked_at, SHANGHAI)
    return OwnAddress(one.id.hex(), f"{local[0]}…@{domain}", asked, one.confirmed_at is not None)


add_desk_page(router, PATH, get_notices, parameters=frozenset({"asked"}))
add_desk_form(router, PATH, post_notices)
add_desk_form(router, f"{PATH}/{{name}}/end", post_end)
