"""`/desk/releases`: the drafts of one's party, laid by one officer and released by another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.releases.draft_content import drafted
from api.desk.releases.draft_rows import PATH, DraftRow, row_of
from api.desk.roles import Officer
from api.http.errors import InvalidRequest, Problem, problem_of
from api.pages.rendering import Language
from api.service.service import Service
from ledger.errors import Malformed, Refused
from ledger.limits import DESK_PAGE_MAX, DRAFT_FORM_BYTES_MAX
from ledger.store.desk_releases import DraftCount, NewDraft

__all__ = ["ReleasesContent", "router"]

_ID_BYTES: Final = 16

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ReleasesContent:
    """The list; `typed` and `problem` are of a draft that was not taken."""

    rows: Sequence[DraftRow]
    count: DraftCount
    typed: str
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
        id = os.urandom(_ID_BYTES)
        new = NewDraft(id, officer.party, officer.officer, found.spec.name, found.subject, typed)
        draft = service.drafts.lay(new, service.sound_clock())
    except (InvalidRequest, Malformed, Refused) as error:
        return _list(request, language, officer, typed, problem_of(error))
    return to(f"{PATH}/{draft.id.hex()}", language)


def _list(
    request: Request, language: Language, officer: Officer, typed: str = "", problem: Problem | None = None
) -> Response:
    service: Service = request.app.state.service
    rows = [row_of(one) for one in service.drafts.of(officer.party, DESK_PAGE_MAX)]
    content = ReleasesContent(rows, service.drafts.count(officer.party), typed, problem)
    title = ("签发", "Releases")
    status = 200 if problem is None else problem.status
    return desk_answer(
        request, language, officer, PageTemplate("desk/releases/list.html", PATH, title), content, status=status
    )


add_desk_page(router, PATH, get_releases)
add_desk_form(router, PATH, post_draft, bytes_max=DRAFT_FORM_BYTES_MAX)
