"""`/desk/outbox`: mails that could not be sent, letters to be printed, webhooks that do not answer; tried again or
given up here. Nobody's address stands in it: what is to be told, about whom, and what the server said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, not_for_this_desk, to
from api.desk.outbox.letters import letter_pdf
from api.desk.roles import Officer
from api.http.enterprise_ids import name_of
from api.notices.notice_texts import called
from api.notices.notice_words import KINDS, PROBLEMS
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import SHANGHAI, Service
from ledger.domain.values.subject import is_enterprise
from ledger.errors import NotFound
from ledger.limits import OUTBOX_PAGE_MAX
from ledger.store.desk_outbox import OutboxCount, OutboxDesk, OutboxRow
from ledger.store.desk_webhooks import WebhookSubscription

__all__ = ["OutboxContent", "router"]

PATH: Final = "/desk/outbox"
_ID: Final = re.compile("[0-9a-f]{32}")
_STATES: Final = {
    "waiting": Word("等候发送", "waits", "pledged"),
    "dead": Word("未能发出", "could not be sent", "alert"),
    "sent": Word("已发出", "sent", "good"),
    "given_up": Word("不再发送", "given up", "closed"),
}
_LETTER: Final = Word("待打印", "to be printed", "watch")
_WEBHOOKS: Final = {
    "asked": Word("等候验证", "to be challenged", "watch"),
    "active": Word("重试中", "tried again", "watch"),
    "stopped": Word("已停止", "stopped", "alert"),
}

router = APIRouter()


class NoticeRow(NamedTuple):
    """A mail or letter in words; `path` is the page of what it is about. Times in Asia/Shanghai."""

    id: str
    kind: Word
    about: str
    path: str | None
    letter: bool
    state: Word
    problem: Word | None
    made: datetime
    due_on: date | None
    attempts: int
    waits: bool
    dead: bool


class WebhookRow(NamedTuple):
    """A webhook that does not answer: by its number alone, for its address may hold a password."""

    id: str
    state: Word
    problem: Word
    since: datetime | None
    attempts: int
    next_entry: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class OutboxContent:
    """`mails`: whether the operator named a mail server. `webhooks` are shown to the organizer and the operator."""

    rows: Sequence[NoticeRow]
    count: OutboxCount
    mails: bool
    webhooks: Sequence[WebhookRow]


def get_outbox(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    desk = _desk(officer)
    rows = [_row(service, one, language) for one in service.store.outbox.list(desk, None, OUTBOX_PAGE_MAX)]
    failing = service.store.webhooks.failing(OUTBOX_PAGE_MAX) if desk.general else []
    content = OutboxContent(rows, service.store.outbox.counts(desk), service.mails, [_webhook(one) for one in failing])
    title = ("待发通知", "Outbox")
    return desk_answer(request, language, officer, PageTemplate("desk/outbox/list.html", PATH, title), content)


def get_letter(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    row = _asked(request, officer)
    if row.channel != "letter":
        raise NotFound("this notice is no letter")
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Disposition": 'inline; filename="letter.pdf"'}
    return Response(letter_pdf(service, row, language), 200, headers, "application/pdf")


def post_act(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """`retry`, `give-up`, `printed`, on one notice. What somebody did before is no error."""
    service: Service = request.app.state.service
    row, desk, outbox = _asked(request, officer), _desk(officer), service.store.outbox
    match request.path_params["act"]:
        case "retry":
            outbox.retry(row.id, desk, service.clock())
        case "give-up":
            outbox.settle(row.id, desk, "given_up", service.clock())
        case "printed" if row.channel == "letter":
            outbox.settle(row.id, desk, "sent", service.clock())
        case _:
            raise NotFound("there is no such act on a notice")
    return to(PATH, language)


def post_webhook_act(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """`retry` goes on at once where it was; `give-up` ends it, and where it went is erased."""
    service: Service = request.app.state.service
    if not _desk(officer).general:
        raise not_for_this_desk()
    id, webhooks = _id(request), service.store.webhooks
    if webhooks.get(id) is None:
        raise NotFound("there is no such webhook")
    match request.path_params["act"]:
        case "retry":
            webhooks.resume(id, service.clock())
        case "give-up":
            webhooks.end(id, service.notice_keys)
        case _:
            raise NotFound("there is no such act on a webhook")
    return to(PATH, language)


def _desk(officer: Officer) -> OutboxDesk:
    """Whose notices the officer sees: a handling body its own, the organizer and the operator those of no body."""
    if not officer.sees_outbox:
        raise not_for_this_desk()
    return OutboxDesk(officer.party, officer.sends_notices)


def _asked(request: Request, officer: Officer) -> OutboxRow:
    """Raises `NotFound`, for another desk's too."""
    service: Service = request.app.state.service
    found = service.store.outbox.get(_id(request), _desk(officer))
    if found is None:
        raise NotFound("there is no such notice at your desk")
    return found


def _id(request: Request) -> bytes:
    name: str = request.path_params["name"]
    if not _ID.fullmatch(name):
        raise NotFound("there is no such notice")
    return bytes.fromhex(name)


def _row(service: Service, row: OutboxRow, language: Language) -> NoticeRow:
    name, letter = KINDS[row.kind].name, row.channel == "letter"
    waits = row.state == "waiting"
    return NoticeRow(
        row.id.hex(),
        Word(name.zh, name.en),
        called(service, row.about, language) if ":" in row.about else row.about,
        f"/e/{name_of(row.about)}" if is_enterprise(row.about) and ":" in row.about else None,
        letter,
        _LETTER if letter and waits else _STATES[row.state],
        None if row.problem is None else _problem(row.problem),
        datetime.fromtimestamp(row.made_at, SHANGHAI),
        row.due_on,
        row.attempts,
        waits,
        row.state == "dead",
    )


def _webhook(one: WebhookSubscription) -> WebhookRow:
    since = None if one.failing_since is None else datetime.fromtimestamp(one.failing_since, SHANGHAI)
    return WebhookRow(
        one.id.hex(),
        _WEBHOOKS[one.state],
        _problem(one.problem or "broken"),
        since,
        one.attempts,
        one.next_entry,
        one.state == "stopped",
    )


def _problem(said: str) -> Word:
    """In words; a server's reply code is said as that."""
    known = PROBLEMS.get(said)
    return Word(f"对方答复 {said}", f"answered {said}") if known is None else Word(known.zh, known.en)


add_desk_page(router, PATH, get_outbox)
add_desk_page(router, f"{PATH}/{{name}}/letter.pdf", get_letter)
add_desk_form(router, f"{PATH}/webhooks/{{name}}/{{act}}", post_webhook_act)
add_desk_form(router, f"{PATH}/{{name}}/{{act}}", post_act)
