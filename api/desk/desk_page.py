"""`/desk`: who one is, what waits, one's own sessions; and the acts of ending them and of signing out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import SIGN_IN, PageTemplate, add_desk_form, add_desk_page, desk_answer, to
from api.desk.roles import ROLES, Officer
from api.desk.sessions import set_cookie
from api.desk.work_lists import WaitingRow, log_look, waiting_page
from api.http.enterprise_ids import name_of
from api.http.same_origin import WebOrigins
from api.pages.rendering import Language
from api.pages.words import SCOPES, TONES, Word, pledge_word
from api.service.enterprise_overview import OverviewStanding
from api.service.service import SHANGHAI, Service
from ledger.errors import NotFound
from ledger.store.desk import DeskFilter
from ledger.store.desk_releases import DraftCount
from ledger.store.desk_sessions import DeskSession

__all__ = ["HomeContent", "router"]

PATH: Final = "/desk"
_HASH_DIGITS: Final = 64

router = APIRouter()


class SessionRow(NamedTuple):
    """A session of one's own; `id` names it in addresses and is no secret. Times in Asia/Shanghai."""

    id: str
    began: datetime
    seen: datetime
    until: datetime
    key: str
    current: bool


class OwnPledge(NamedTuple):
    """A published pledge of the enterprise; `scope` is None where it was repudiated."""

    code: str
    scope: Word | None
    state: Word


@dataclass(frozen=True, slots=True)
class EnterpriseDesk:
    """What the public sees of the enterprise, and what of its own waits."""

    id: str
    standing: OverviewStanding
    tone: str
    pledges: Sequence[OwnPledge]
    waiting: Sequence[WaitingRow]


@dataclass(frozen=True, slots=True)
class HomeContent:
    """The desk's first page: what waits, the officer's own sessions.

    `waiting_count` is of all enterprises, None for whoever does not release pledges; `drafts` are the party's;
    `enterprise` is the party's own desk, None for parties that are none.
    """

    roles: Sequence[Word]
    sessions: Sequence[SessionRow]
    key_until: str | None
    waiting_count: int | None
    drafts: DraftCount
    enterprise: EnterpriseDesk | None


def get_desk(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    own = None
    if officer.enterprise is not None:
        log_look(request, officer, "served", officer.enterprise)
        own = _own(service, officer.enterprise)
    key = service.governance.keys[officer.session.kid]
    sessions = service.store.desk_sessions.of(officer.party, officer.officer, service.sound_clock())
    content = HomeContent(
        [ROLES[one] for one in ROLES if one in officer.roles],
        [_row(one, officer) for one in sessions],
        None if key.valid_until is None else str(key.valid_until),
        service.desk.count().waiting if officer.sees_all_pending else None,
        service.drafts.count(officer.party),
        own,
    )
    return desk_answer(request, language, officer, PageTemplate("desk/home.html", PATH, ("工作台", "Desk")), content)


def post_end(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    """End one of one's own sessions. Another's is not found, like one that is not there."""
    service: Service = request.app.state.service
    name: str = request.path_params["name"]
    known = len(name) == _HASH_DIGITS and all(digit in "0123456789abcdef" for digit in name)
    if not known or not service.store.desk_sessions.end(bytes.fromhex(name), officer.party, officer.officer):
        raise NotFound("no such session of yours")
    if bytes.fromhex(name) == officer.session.id_hash:
        return _signed_out(service, language)
    return to(PATH, language)


def post_sign_out(request: Request, language: Language, officer: Officer, _: dict[str, str]) -> Response:
    service: Service = request.app.state.service
    service.store.desk_sessions.end(officer.session.id_hash, officer.party, officer.officer)
    return _signed_out(service, language)


def _signed_out(service: Service, language: Language) -> Response:
    response = to(SIGN_IN, language, {"ended": "out"})
    set_cookie(response, WebOrigins(service.public_url), None)
    return response


def _row(session: DeskSession, officer: Officer) -> SessionRow:
    began, seen, until = (
        datetime.fromtimestamp(at, SHANGHAI) for at in (session.began_at, session.seen_at, session.expires_at)
    )
    current = session.id_hash == officer.session.id_hash
    return SessionRow(session.id_hash.hex(), began, seen, until, session.kid.hex(), current)


def _own(service: Service, subject: str) -> EnterpriseDesk:
    today = service.today()
    served = service.views.standings.current(subject, today)
    standing = msgspec.json.decode(served.body, type=OverviewStanding)
    declared = service.views.declarations.declarations(subject, today)
    pledges: list[Mapping[str, Any]] = [] if declared is None else msgspec.json.decode(declared.body)["pledges"]
    return EnterpriseDesk(
        name_of(subject),
        standing,
        TONES[standing.level],
        [
            OwnPledge(
                one["code"],
                SCOPES.get(one.get("scope", "")),
                pledge_word(one),
            )
            for one in pledges
        ],
        waiting_page(service, DeskFilter(subject=subject)).rows,
    )


add_desk_page(router, PATH, get_desk)
add_desk_form(router, "/desk/sessions/{name}/end", post_end)
add_desk_form(router, "/desk/sign-out", post_sign_out)
