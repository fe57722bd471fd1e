"""`/desk/registrar`: the keys that wait for a registrar, each beside what the book has of its party.

Approving is a statement of the registrar's, built and signed in the browser (`static/desk/act_forms.js`); refusing is a
form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.enrolment.asked_keys import AskedKey, asked_key, asked_keys
from api.desk.enrolment.key_requests import kid_in_address
from api.desk.enrolment.request_page import RequestAtDesk, refuse_request, request_page
from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, not_for_this_desk
from api.desk.list_filters import not_from_the_page_before
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.pages.rendering import Language
from api.service.service import Service

__all__ = ["RequestsContent", "router"]

PATH: Final = "/desk/registrar"
_CURSOR: Final = re.compile("([0-9]{1,12})[.]([0-9a-f]{64})")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RequestsContent:
    """A page of the keys that wait for a registrar. `cursor` leads to the next page, "" where this is the last."""

    requests: Sequence[AskedKey]
    cursor: str


def get_registrar(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    _require_registrar(request, officer)
    after = _cursor(request.query_params.get("cursor", ""))
    log_look(request, officer, "served")
    content = RequestsContent(*asked_keys(service, after=after))
    title = ("密钥登记申请", "Keys to enrol")
    return desk_answer(request, language, officer, PageTemplate("desk/enrolment/requests.html", PATH, title), content)


def get_request(request: Request, language: Language, officer: Officer) -> Response:
    return request_page(request, language, officer, _found(request, officer))


def post_refusal(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    return refuse_request(request, language, officer, _found(request, officer), fields.get("reason", ""))


def _found(request: Request, officer: Officer) -> RequestAtDesk:
    """Raises `AccessDenied` as `_require_registrar` does, and what `asked_key` raises."""
    _require_registrar(request, officer)
    kid = kid_in_address(request.path_params["name"])
    asked, party = asked_key(request.app.state.service, request, officer, kid)
    return RequestAtDesk(asked, party, PATH, own=False)


def _require_registrar(request: Request, officer: Officer) -> None:
    """Raises `AccessDenied` for whoever enrols no keys; it is logged."""
    if not officer.enrols_keys:
        log_look(request, officer, "refused", officer.enterprise)
        raise not_for_this_desk()


def _cursor(cursor: str) -> tuple[int, bytes] | None:
    if not cursor:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise not_from_the_page_before("enrolment.cursor")
    return int(match[1]), bytes.fromhex(match[2])


add_desk_page(router, PATH, get_registrar, parameters=frozenset({"cursor"}))
add_desk_page(router, f"{PATH}/{{name}}", get_request)
add_desk_form(router, f"{PATH}/{{name}}/refusal", post_refusal)
