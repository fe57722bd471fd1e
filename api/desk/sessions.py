"""The session behind a request: its cookie, the officer that it stands for, the token that its forms carry.

The cookie's value is the session's id, 32 random bytes; the table has its SHA-256 (`ledger/store/desk_sessions.py`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.desk.roles import EndedSession, Officer, officer_of
from api.http.bodies import form_fields, read_bounded
from api.http.errors import AccessDenied
from api.http.same_origin import WebOrigins
from api.service.service import Service
from ledger.limits import DESK_FORM_BYTES_MAX, SESSION_SECONDS_MAX

__all__ = [
    "FORM_FIELD",
    "form_of",
    "form_token",
    "new_session_id",
    "require_form_token",
    "session_hash",
    "session_id_of",
    "set_cookie",
    "signed_in",
]

FORM_FIELD: Final = "form_token"
_ID_BYTES: Final = 32
_USE: Final = b"credit-ledger desk form"


def new_session_id() -> bytes:
    """An id that nobody guesses."""
    return os.urandom(_ID_BYTES)


def session_hash(session_id: bytes) -> bytes:
    """Under which name the table has it, 32 bytes."""
    return sha256(session_id).digest()


def set_cookie(response: Response, origins: WebOrigins, session_id: bytes | None) -> None:
    """Give the browser its session, or take it away (None). Scripts never see it; no other site sends it along."""
    response.set_cookie(
        _cookie_name(origins),
        "" if session_id is None else _encode(session_id),
        max_age=0 if session_id is None else SESSION_SECONDS_MAX,
        path="/",
        secure=origins.secure,
        httponly=True,
        samesite="strict",
    )


def signed_in(service: Service, request: Request) -> Officer:
    """Whoever is signed in, by the book as it is now. Raises `EndedSession` (`none` where there is no session),
    `Unavailable`. A session that ended is gone from the table, too."""
    session_id = session_id_of(request, WebOrigins(service.public_url))
    session = None if session_id is None else service.store.desk_sessions.get(session_hash(session_id))
    if session is None:
        raise EndedSession("none" if session_id is None else "over")
    now = service.sound_clock()
    try:
        officer = officer_of(session, service.governance, now)
    except EndedSession:
        service.store.desk_sessions.drop(session.id_hash)
        raise
    service.store.desk_sessions.seen(session, now)
    return officer


def form_token(service: Service, request: Request) -> str:
    """What every form of this session carries: only who has the session's id can make it."""
    session_id = session_id_of(request, WebOrigins(service.public_url))
    return "" if session_id is None else _token(session_id)


async def form_of(service: Service, request: Request, bytes_max: int = DESK_FORM_BYTES_MAX) -> dict[str, str]:
    """The fields of a form that a page of this site sent, in this session. Nothing is believed before this returns.

    Raises `AccessDenied` (403): of another site, or of another session; `TooLarge`, `Malformed`.
    """
    origins = WebOrigins(service.public_url)
    origins.require(request)
    fields = form_fields(await read_bounded(request.receive, bytes_max))
    require_form_token(request, origins, fields.get(FORM_FIELD, ""))
    return fields


def require_form_token(request: Request, origins: WebOrigins, token: str) -> None:
    """Raises `AccessDenied` (403) for a form of another session than the request's."""
    session_id = session_id_of(request, origins)
    if session_id is None or not hmac.compare_digest(token.encode(), _token(session_id).encode()):
        raise AccessDenied(
            403,
            "desk.form_token",
            "表单不属于当前登录，未作任何处理；请刷新页面后重试",
            "the form is not of this session; nothing was done: load the page again",
        )


def _token(session_id: bytes) -> str:
    return _encode(hmac.digest(session_id, _USE, "sha256"))


def _cookie_name(origins: WebOrigins) -> str:
    # `__Host-`: no other host of the domain can set it (RFC 6265bis §4.1.3.2); browsers take it over TLS alone
    return "__Host-desk" if origins.secure else "desk"


def session_id_of(request: Request, origins: WebOrigins) -> bytes | None:
    """The id in the request's cookie, whether there is such a session or not; None without one."""
    text = request.cookies.get(_cookie_name(origins), "")
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == _ID_BYTES else None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
