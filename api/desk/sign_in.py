"""Signing in: `GET /desk/challenge` gives a nonce, `POST /desk/session` takes the answer that a key signed.

    the browser is at one of our addresses (`Origin`), and signed for that very address
    the challenge is ours, in time, and was never answered
    the key is enrolled for that party and may sign today

Whoever is refused learns which of these failed: nothing of it is a secret, the keys are in the book.
"""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.desk.challenges import Challenge, Challenges
from api.desk.sessions import new_session_id, session_hash, session_id_of, set_cookie
from api.http.bodies import read_bounded
from api.http.errors import AccessDenied
from api.http.same_origin import WebOrigins
from api.service.service import Service
from ledger.cose.sign_in_answer import parse_sign_in
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import decode_key
from ledger.limits import SIGN_IN_BYTES_MAX
from ledger.store.desk_sessions import DeskSession

__all__ = ["router"]

_NO_STORE: Final = {"Cache-Control": "no-store"}

router = APIRouter(prefix="/desk", tags=["desk"])


@router.get("/challenge", summary="A challenge to sign in by: good once, for two minutes")
def get_challenge(request: Request) -> Response:
    service: Service = request.app.state.service
    challenge = _challenges(service).make(service.sound_clock())
    told = {"log": service.origin, "nonce": challenge.nonce.hex(), "expires_at": challenge.expires_at}
    return Response(msgspec.json.encode(told), headers=_NO_STORE, media_type="application/json")


@router.post("/session", summary="Sign in: the challenge, answered under a key of the book")
async def post_session(request: Request) -> Response:
    service: Service = request.app.state.service
    origins = WebOrigins(service.public_url)
    web_origin = origins.require(request)
    content = await read_bounded(request.receive, SIGN_IN_BYTES_MAX)
    session_id = await run_in_threadpool(_begin, service, content, web_origin)
    earlier = session_id_of(request, origins)
    if earlier is not None:  # this browser's: nobody has its cookie any more
        await run_in_threadpool(service.store.desk_sessions.drop, session_hash(earlier))
    response = Response(msgspec.json.encode({"desk": "/desk"}), 201, _NO_STORE, "application/json")
    set_cookie(response, origins, session_id)
    return response


def _begin(service: Service, content: bytes, web_origin: str) -> bytes:
    """The id of a new session. Raises `AccessDenied` (401)."""
    session_id, now = new_session_id(), service.sound_clock()
    try:
        answer = parse_sign_in(content)
        challenge = Challenge(answer.nonce, answer.expires_at)
        _challenges(service).check(challenge, now)
        key = usable_key(service.governance, answer.kid, answer.party, shanghai_date(now))
        answer.verify(decode_key(key.cose_key), log=service.origin, web_origin=web_origin)
        session = DeskSession.begun(session_hash(session_id), key, service.governance.roles(key.party), now)
        service.store.desk_sessions.begin(session, nonce=challenge.nonce, challenge_expires_at=challenge.expires_at)
    except Refused as error:
        raise AccessDenied(401, error.rule, error.zh, error.en) from None
    except (Malformed, Refuted) as error:
        raise AccessDenied(401, "desk.sign_in", "登录未成立，请重新登录", f"not signed in: {error}") from None
    return session_id


def _challenges(service: Service) -> Challenges:
    return Challenges(service.store.desk_sessions.challenge_secret(), service.origin)
