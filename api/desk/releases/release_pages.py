"""`/desk/releases`: the drafts of one's party, laid by one officer and released by another.

What the releaser signs is built in the browser from the draft's fields (`static/desk/release_page.js`); here it is
compared with the draft, kept until its time, and taken to the book by the service (`api/service/release_schedule.py`).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import anyio.from_thread
import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import add_desk_form, add_desk_page, desk_answer, to
from api.desk.releases.draft_content import drafted
from api.desk.releases.draft_words import Line, lines_of, words_of
from api.desk.releases.release_rules import (
    chosen_time,
    latest_time,
    require_another_officer,
    require_release,
)
from api.desk.roles import Officer
from api.http.errors import InvalidRequest, Problem, problem_of
from api.pages.rendering import Language
from api.pages.words import Word, event_word
from api.service.registering import admit_with_held
from api.service.release_schedule import release_due, unreadable
from api.service.service import SHANGHAI, Service
from ledger.errors import LedgerError, Malformed, NotFound, Refused, Unavailable
from ledger.limits import DESK_PAGE_MAX, DRAFT_FORM_BYTES_MAX
from ledger.store.desk_releases import Draft, DraftCount

__all__ = ["DraftContent", "ReleasesContent", "router"]

PATH: Final = "/desk/releases"
_ID_BYTES: Final = 16
_ID: Final = re.compile("[0-9a-f]{32}")
_STATES: Final = {
    "draft": Word("草稿，待签发", "draft, to be released", "watch"),
    "left": Word("已签名，定时发布", "signed, left for its time", "pledged"),
    "releasing": Word("正在发布", "on its way to the book", "pledged"),
    "refused": Word("发布时未被接受", "refused at its time", "closed"),
    "released": Word("已发布", "released", "good"),
}

router = APIRouter()


class DraftRow(NamedTuple):
    """A draft in words; times in Asia/Shanghai."""

    id: str
    act: Word
    subject: str
    drafter: str
    laid: datetime
    state: Word
    releaser: str | None
    release: datetime | None
    draft: Draft


@dataclass(frozen=True, slots=True)
class ReleasesContent:
    """The list; `typed` and `problem` are of a draft that was not taken."""

    rows: Sequence[DraftRow]
    count: DraftCount
    typed: str
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class DraftContent:
    """One draft. `document` is its JSON and `words` those of its fields, for the browser; None once it was released.
    `dated`: whether it says from when it counts; `latest` the latest time that can be chosen for a statement signed
    now; `chosen` and `problem` are of a release that was not taken."""

    row: DraftRow
    document: str | None
    sealed: bool
    fields: Sequence[Line]
    text: Sequence[Line]
    dated: bool
    words: str
    called_back: datetime | None
    settled: datetime | None
    may_release: bool
    may_call_back: bool
    may_discard: bool
    origin: str
    now: str
    latest: str
    chosen: str
    problem: Problem | None


def get_releases(request: Request, language: Language, officer: Officer) -> Response:
    return _list(request, language, officer)


def post_draft(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Lay a draft. What is not taken is shown again, with what is wrong."""
    service: Service = request.app.state.service
    typed = fields.get("draft", "")
    try:
        if not typed:
            raise InvalidRequest("release.no_draft", "没有草稿内容", "there is no draft in the form")
        found = drafted(typed, service.today())
        found.spec.require_entitled(officer.party, found.subject, officer.roles)
        draft = service.drafts.lay(
            id=os.urandom(_ID_BYTES),
            party=officer.party,
            drafter=officer.officer,
            type=found.spec.name,
            subject=found.subject,
            document=typed,
            at=service.sound_clock(),
        )
    except (InvalidRequest, Malformed, Refused) as error:
        return _list(request, language, officer, typed, problem_of(error))
    return to(f"{PATH}/{draft.id.hex()}", language)


def get_draft(request: Request, language: Language, officer: Officer) -> Response:
    """Another party's is not found, like one that is not there."""
    return _page(request, language, officer, _asked(request, officer))


def post_release(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Leave the signed statement for a time; for now where none was chosen, and then it is taken to the book at once.

    What does not stand is said on the page, and the draft stays as it was.
    """
    service: Service = request.app.state.service
    draft = _asked(request, officer)
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
        left = service.drafts.leave(
            draft.id,
            draft.party,
            releaser=officer.officer,
            statement=candidate.statement.raw,
            statement_id=candidate.statement.statement_id,
            body=candidate.body,
            release_at=at,
        )
        if left is None:
            raise _moved_on()
    except (InvalidRequest, LedgerError) as error:
        if isinstance(error, Unavailable):
            raise
        return _page(request, language, officer, _asked(request, officer), chosen, problem_of(error))
    if not chosen:
        anyio.from_thread.run(release_due, service, draft.id)  # a crash here: the schedule finds it
    return to(f"{PATH}/{draft.id.hex()}", language)


def post_call_back(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """Until its time, by the drafter or by whoever left it."""
    service: Service = request.app.state.service
    draft = _asked(request, officer)
    if service.drafts.call_back(draft.id, draft.party, officer=officer.officer, at=service.clock()) is None:
        now = _asked(request, officer)
        problem = _not_yours() if now.state == "left" else _moved_on()
        return _page(request, language, officer, now, "", problem_of(problem))
    return to(f"{PATH}/{draft.id.hex()}", language)


def post_discard(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """By the drafter, while it is not left."""
    service: Service = request.app.state.service
    draft = _asked(request, officer)
    if not service.drafts.discard(draft.id, draft.party, officer=officer.officer):
        problem = _not_yours() if draft.state in ("draft", "refused") else _moved_on()
        return _page(request, language, officer, _asked(request, officer), "", problem_of(problem))
    return to(PATH, language)


def _asked(request: Request, officer: Officer) -> Draft:
    """The draft of the address. Raises `NotFound`, for another party's too."""
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    found = service.drafts.get(bytes.fromhex(name), officer.party) if _ID.fullmatch(name) else None
    if found is None:
        raise NotFound("no such draft of your party")
    return found


def _list(
    request: Request, language: Language, officer: Officer, typed: str = "", problem: Problem | None = None
) -> Response:
    service: Service = request.app.state.service
    rows = [_row(one) for one in service.drafts.of(officer.party, DESK_PAGE_MAX)]
    content = ReleasesContent(rows, service.drafts.count(officer.party), typed, problem)
    title = ("签发", "Releases")
    status = 200 if problem is None else problem.status
    return desk_answer(
        request, "desk/releases/list.html", PATH, language, title, content, officer=officer, status=status
    )


def _page(
    request: Request,
    language: Language,
    officer: Officer,
    draft: Draft,
    chosen: str = "",
    problem: Problem | None = None,
) -> Response:
    service: Service = request.app.state.service
    row, now = _row(draft), service.clock()
    fields: Sequence[Line] = ()
    text: Sequence[Line] = ()
    sealed = dated = False
    words: dict[str, tuple[str, ...]] = {}
    if draft.document is not None:
        taken = drafted(draft.document, service.today())
        fields, text = lines_of(taken)
        sealed, dated = taken.sealed, "effective_on" in taken.fields
        words = {path: word[:2] for path, word in words_of(taken).items()}
    waits = draft.state in ("draft", "refused")
    content = DraftContent(
        row=row,
        document=draft.document,
        sealed=sealed,
        fields=fields,
        text=text,
        dated=dated,
        words=msgspec.json.encode(words).decode(),
        called_back=_moment(draft.called_back_at),
        settled=_moment(draft.settled_at),
        may_release=waits and draft.readable and officer.officer != draft.drafter,
        may_call_back=draft.state == "left" and officer.officer in (draft.drafter, draft.releaser),
        may_discard=waits and officer.officer == draft.drafter,
        origin=service.origin,
        now=_local(now),
        latest=_local(latest_time(service, now)),
        chosen=chosen,
        problem=problem,
    )
    path, status = f"{PATH}/{row.id}", 200 if problem is None else problem.status
    title = (row.act.zh, row.act.en)
    scripts = ("desk/release_page.js",) if content.may_release else ()
    return desk_answer(
        request,
        "desk/releases/draft.html",
        path,
        language,
        title,
        content,
        officer=officer,
        scripts=scripts,
        status=status,
    )


def _row(draft: Draft) -> DraftRow:
    return DraftRow(
        draft.id.hex(),
        event_word(draft.type),
        draft.subject,
        draft.drafter,
        datetime.fromtimestamp(draft.laid_at, SHANGHAI),
        _STATES[draft.state],
        draft.releaser,
        _moment(draft.release_at),
        draft,
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, SHANGHAI)


def _local(at: int) -> str:
    """As `<input type="datetime-local">` has it."""
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%dT%H:%M")


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


add_desk_page(router, PATH, get_releases)
add_desk_form(router, PATH, post_draft, bytes_max=DRAFT_FORM_BYTES_MAX)
add_desk_page(router, f"{PATH}/{{name}}", get_draft)
add_desk_form(router, f"{PATH}/{{name}}/release", post_release, bytes_max=DRAFT_FORM_BYTES_MAX)
add_desk_form(router, f"{PATH}/{{name}}/call-back", post_call_back)
add_desk_form(router, f"{PATH}/{{name}}/discard", post_discard)
