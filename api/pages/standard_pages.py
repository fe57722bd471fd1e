"""`/s?q=` and `/s/{enterprise}/{entry}`: declared standards by their number, and any version of one, old ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.pages.localized import add_page
from api.pages.rendering import Language, PageFrame, answer, in_english
from api.pages.words import ITEM_STATES, Word
from api.service.service import Service
from ledger.domain.values.standard_number import fold_number, number_key
from ledger.errors import NotFound
from ledger.limits import LEAF_INDEX_ASKED_MAX

__all__ = ["StandardView", "StandardsView", "router"]

SEARCH_PATH: Final = "/s"
VERSION_PATH: Final = "/s/{name}/{entry}"
_PAGE: Final = 20
_ASKED_MAX: Final = 64
_NAME_MAX: Final = 80

router = APIRouter()


class Declared(NamedTuple):
    """A declaration that the search found, in its newest version."""

    enterprise: str
    name: str | None
    entry: int
    number: str
    title: str
    state: Word
    on: str


@dataclass(frozen=True, slots=True)
class StandardsView:
    """`following` is the query of the next page, empty where this is the last."""

    q: str
    found: Sequence[Declared]
    following: str


@dataclass(frozen=True, slots=True)
class StandardView:
    """`said` as `/v1/enterprises/{name}/standards/{entry}` gives it; `stub`: it was repudiated, and has no text."""

    said: Mapping[str, Any]
    enterprise: str
    name: str | None
    state: Word
    versions: Sequence[tuple[Mapping[str, Any], Word]]
    stub: bool


def get_standards(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    q = request.query_params.get("q", "").strip()[:_ASKED_MAX]
    after = _index(request.query_params.get("cursor"))
    found = service.views.declarations.standards(number_key(fold_number(q)), after, _PAGE) if q else []
    if q and not found:
        service.require_current()
    listed = [
        Declared(
            name_of(one.subject),
            one.name or None,
            one.entry,
            one.number,
            one.title,
            ITEM_STATES[one.state],
            one.from_on.isoformat(),
        )
        for one in found
    ]
    following = urlencode({"q": q, "cursor": found[-1].entry}) if len(found) == _PAGE else ""
    about = "企业声明执行的标准" if language == "zh" else "Declared standards"
    book = "质量诚信账本" if language == "zh" else "Credit Ledger"
    title = f"{q} · {about} · {book}" if q else f"{about} · {book}"
    asked = urlencode({"q": q}) if q else ""
    page = PageFrame(SEARCH_PATH, language, title, title, service.demo, indexed=not q, asked=asked)
    return answer(request, "standards.html", page, StandardsView(q, listed, following))


def get_standard(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    typed: str = request.path_params["name"]
    subject, entry = subject_of(typed[:_NAME_MAX]), _index(request.path_params["entry"])
    path = f"/s/{name_of(subject)}/{entry}"
    if typed != name_of(subject):
        return RedirectResponse(path if language == "zh" else in_english(path), 308)
    document = service.views.declarations.standard(subject, entry)
    if document is None:
        service.require_current()
        raise NotFound(f"entry {entry} declares no standard of {name_of(subject)}")
    said: dict[str, Any] = msgspec.json.decode(document.body)
    about = service.views.search.enterprise(subject)
    declared = service.views.declarations.declarations(subject, service.today())
    sections = [] if declared is None else msgspec.json.decode(declared.body).get("standards", [])
    versions = next((one["versions"] for one in sections if one["declaration"] == said["declaration"]), [said])
    view = StandardView(
        said,
        name_of(subject),
        None if about is None else about.name,
        ITEM_STATES[said["state"]],
        [(one, ITEM_STATES[one["state"]]) for one in reversed(versions)],
        "title" not in said,
    )
    shown = f"{said['number']} · {view.name or view.enterprise}"
    title = f"{shown} · {'质量诚信账本' if language == 'zh' else 'Credit Ledger'}"
    page = PageFrame(path, language, title, title, service.demo, indexed=not subject.startswith("local:"))
    return answer(request, "standard.html", page, view)


def _index(typed: str | None) -> int:
    """A leaf index as it stands in an address; -1 where none was typed."""
    if typed is None:
        return -1
    if typed.isascii() and typed.isdigit() and len(typed) <= 16 and int(typed) <= LEAF_INDEX_ASKED_MAX:
        return int(typed)
    raise InvalidRequest("request.invalid", "记录编号应为数字", "the number of an entry is a number")


add_page(router, SEARCH_PATH, get_standards)
add_page(router, VERSION_PATH, get_standard)
