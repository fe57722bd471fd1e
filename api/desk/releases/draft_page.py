"""`/desk/releases/{name}`: one draft, for its drafter and for whoever releases it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_page, desk_answer
from api.desk.releases.draft_content import drafted
from api.desk.releases.draft_rows import PATH, DraftRow, moment, row_of
from api.desk.releases.draft_words import Line, lines_of, words_of
from api.desk.releases.release_rules import latest_time
from api.desk.roles import Officer
from api.http.errors import Problem
from api.pages.rendering import Language
from api.service.service import SHANGHAI, Service
from ledger.errors import NotFound
from ledger.store.desk_releases import Draft

__all__ = ["DraftContent", "asked_draft", "router", "show_draft"]

_ID: Final = re.compile("[0-9a-f]{32}")

router = APIRouter()


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


def get_draft(request: Request, language: Language, officer: Officer) -> Response:
    """Another party's is not found, like one that is not there."""
    return show_draft(request, language, officer, asked_draft(request, officer))


def asked_draft(request: Request, officer: Officer) -> Draft:
    """The draft of the address. Raises `NotFound`, for another party's too."""
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    found = service.drafts.get(bytes.fromhex(name), officer.party) if _ID.fullmatch(name) else None
    if found is None:
        raise NotFound("no such draft of your party")
    return found


def show_draft(
    request: Request,
    language: Language,
    officer: Officer,
    draft: Draft,
    chosen: str = "",
    problem: Problem | None = None,
) -> Response:
    """`chosen` and `problem` are of an act that was not taken."""
    service: Service = request.app.state.service
    row, now = row_of(draft), service.clock()
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
        called_back=moment(draft.called_back_at),
        settled=moment(draft.settled_at),
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
        language,
        officer,
        PageTemplate("desk/releases/draft.html", path, title, scripts),
        content,
        status=status,
    )


def _local(at: int) -> str:
    """As `<input type="datetime-local">` has it."""
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%dT%H:%M")


add_desk_page(router, f"{PATH}/{{name}}", get_draft)
