"""`/desk/officers`: the keys and officers of one's own party, and the further keys that its officers may enrol.

A further key of a party is enrolled by a key that it has: so requests for one are approved here, at the party's desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.enrolment.asked_keys import AskedKey, KeyRow, asked_key, asked_keys, keys_of
from api.desk.enrolment.key_requests import kid_in_address
from api.desk.enrolment.request_page import RequestAtDesk, refuse_request, request_page
from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.pages.rendering import Language
from api.service.service import Service

__all__ = ["OfficersContent", "router"]

PATH: Final = "/desk/officers"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class OfficersContent:
    """The party's keys, the newest first, and what of its own waits."""

    keys: Sequence[KeyRow]
    requests: Sequence[AskedKey]


def get_officers(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    log_look(request, officer, "served", officer.enterprise)
    requests, _ = asked_keys(service, party=officer.party)
    content = OfficersContent(keys_of(service, officer.party), requests)
    title = ("经办人与密钥", "Officers and keys")
    return desk_answer(request, language, officer, PageTemplate("desk/enrolment/officers.html", PATH, title), content)


def get_request(request: Request, language: Language, officer: Officer) -> Response:
    return request_page(request, language, officer, _found(request, officer))


def post_refusal(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    return refuse_request(request, language, officer, _found(request, officer), fields.get("reason", ""))


def _found(request: Request, officer: Officer) -> RequestAtDesk:
    kid = kid_in_address(request.path_params["name"])
    asked, party = asked_key(request.app.state.service, request, officer, kid, party=officer.party)
    return RequestAtDesk(asked, party, PATH, own=True)


add_desk_page(router, PATH, get_officers)
add_desk_page(router, f"{PATH}/{{name}}", get_request)
add_desk_form(router, f"{PATH}/{{name}}/refusal", post_refusal)
