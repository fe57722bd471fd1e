"""What is done with a draft: it is released, called back, or discarded.

What the releaser signs is built in the browser from the draft's fields (`static/desk/release_page.js`); here it is
compared with the draft, kept until its time, and taken to the book by the service (`api/service/release_schedule.py`).
"""

from __future__ import annotations

import base64
import binascii

import anyio.from_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import add_desk_form, to
from api.desk.releases.draft_page import asked_draft, show_draft
from api.desk.releases.draft_rows import PATH
from api.desk.releases.release_rules import (
    chosen_time,
    require_another_officer,
    require_release,
)
from api.desk.roles import Officer
from api.http.errors import InvalidRequest, problem_of
from api.pages.rendering import Language
from api.service.registering import admit_with_held
from api.service.release_schedule import release_due, unreadable
from api.service.service import Service
from ledger.errors import LedgerError, Refused, Unavailable
from ledger.limits import DRAFT_FORM_BYTES_MAX
from ledger.store.desk_releases import SignedRelease

__all__ = ["router"]

router = APIRouter()


def post_release(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Leave the signed statement for a time; for now where none was chosen, and then it is taken to the book at once.

    What does not stand is said on the page, and the draft stays as it was.
    """
    service: Service = request.app.state.service
    draft = asked_draft(request, officer)
    chosen = fields.get("at", "")
    try:
        require_another_officer(draft, officer.officer)
        if not draft.readable:
            raise unreadable()
        if draft.state not in ("draft", "refused"):
            raise _moved_on()
        at = chosen_time(chosen, service.sound_clock())
        body = _bytes(fields, "body")
        candidate = admit_with_held(service, _bytes(fields, "statement") or b"", body)
        require_release(service, draft, officer, candidate, at)
        signed = candidate.statement
        release = SignedRelease(officer.officer, signed.raw, signed.statement_id, candidate.body, at)
        left = service.drafts.leave(draft.id, draft.party, release)
        if left is None:
            raise _moved_on()
    except (InvalidRequest, LedgerError) as error:
        if isinstance(error, Unavailable):
            raise
        return show_draft(request, language, officer, asked_draft(request, officer), chosen, problem_of(error))
    if not chosen:
        anyio.from_thread.run(release_due, service, draft.id)  # a crash here: the schedule finds it
    return to(f"{PATH}/{draft.id.hex()}", language)


def post_call_back(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """Until its time, by the drafter or by whoever left it."""
    service: Service = request.app.state.service
    draft = asked_draft(request, officer)
    if service.drafts.call_back(draft.id, draft.party, officer=officer.officer, at=service.clock()) is None:
        now = asked_draft(request, officer)
        problem = _not_yours() if now.state == "left" else _moved_on()
        return show_draft(request, language, officer, now, "", problem_of(problem))
    return to(f"{PATH}/{draft.id.hex()}", language)


def post_discard(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """By the drafter, while it is not left."""
    service: Service = request.app.state.service
    draft = asked_draft(request, officer)
    if not service.drafts.discard(draft.id, draft.party, officer=officer.officer):
        problem = _not_yours() if draft.state in ("draft", "refused") else _moved_on()
        return show_draft(request, language, officer, asked_draft(request, officer), "", problem_of(problem))
    return to(PATH, language)


def _bytes(fields: dict[str, str], name: str) -> bytes | None:
    """A field that holds bytes in base64, None where it is empty. Raises `InvalidRequest`."""
    try:
        return base64.b64decode(fields.get(name, ""), validate=True) or None
    except (ValueError, binascii.Error):
        raise InvalidRequest("release.not_base64", "表单内容不完整，请重新签名", f"{name} is not base64") from None


def _moved_on() -> Refused:
    return Refused(
        "release.moved_on",
        "这份草稿已经不在原来的状态：见下",
        "the draft is not any more in the state that you saw: see below",
    )


def _not_yours() -> Refused:
    return Refused(
        "release.not_yours",
        "只有拟稿人和签发人可以撤回，只有拟稿人可以删除草稿",
        "its drafter and whoever left it call it back; its drafter discards it",
    )


add_desk_form(router, f"{PATH}/{{name}}/release", post_release, bytes_max=DRAFT_FORM_BYTES_MAX)
add_desk_form(router, f"{PATH}/{{name}}/call-back", post_call_back)
add_desk_form(router, f"{PATH}/{{name}}/discard", post_discard)
