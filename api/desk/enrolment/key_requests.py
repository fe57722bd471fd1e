"""Asking for a key's enrolment: `POST /desk/key/requests` lays a request at the desk, `GET …/{kid}` says its state.

    the page is one of ours (`Origin`), and the proof of possession is for this party in this log
    the key is not in the book, the party is none that this cannot be asked for
    the client, and the party, have few that wait

Whoever has a thumbprint learns what became of its request, and nothing else. A key that is in the book is in the book:
of it the book is asked, and its request is gone.
"""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import read_bounded
from api.http.errors import InvalidRequest
from api.http.same_origin import WebOrigins
from api.service.client_hash import client_hash
from api.service.service import Service
from ledger.domain.events.base import Hex
from ledger.domain.events.party import Officer
from ledger.domain.state.party import ROOT_PARTY, EnrolledKey
from ledger.domain.values.enterprise_code import RESIDENT_EN, RESIDENT_RULE, RESIDENT_ZH, refuse_resident_number
from ledger.domain.values.personal_data import certain_in
from ledger.domain.values.subject import kind, names_a_resident, parse
from ledger.errors import Malformed, Refused
from ledger.keys.proof_of_possession import check_possession
from ledger.limits import ENROLMENT_BYTES_MAX
from ledger.store.desk_enrolments import EnrolmentRequest

__all__ = ["kid_in_address", "router"]

_NO_STORE: Final = {"Cache-Control": "no-store"}
_USE: Final = b"credit-ledger enrolment client\n"
_KID_DIGITS: Final = 64

router = APIRouter(prefix="/desk/key/requests", tags=["desk"])


class KeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: `key` (COSE_Key) and `proof` in hexadecimal, as `credit-ledger key show --json` gives them.

    `recovers`: in the place of a key of the party that was lost.
    """

    party: str
    officer: Officer
    key: Hex
    proof: Hex
    recovers: bool = False


class KeyState(Struct, frozen=True, omit_defaults=True):
    """How far the enrolment of a key is, as its browser asks.

    `state`: `unknown`, `waiting`, `refused` (with `reason`), `recovering` (until `usable_from`), `enrolled`,
    `ended`, or `not_valid_today`. The last four are what the book says.
    """

    state: str
    reason: str | None = None
    usable_from: str | None = None


@router.post("", summary="Ask for a key's enrolment, with its proof of possession")
async def post_request(request: Request) -> Response:
    service: Service = request.app.state.service
    WebOrigins(service.public_url).require(request)
    content = await read_bounded(request.receive, ENROLMENT_BYTES_MAX)
    host = "-" if request.client is None else request.client.host
    state = await run_in_threadpool(_lay, service, content, host)
    return Response(msgspec.json.encode(state), 201, _NO_STORE, "application/json")


@router.get("/{name}", summary="What became of the request for a key, by its thumbprint")
def get_state(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    state = _state(service, kid_in_address(name))
    return Response(msgspec.json.encode(state), headers=_NO_STORE, media_type="application/json")


def kid_in_address(name: str) -> bytes:
    """The thumbprint that an address names. Raises `InvalidRequest`."""
    if len(name) == _KID_DIGITS and all(digit in "0123456789abcdef" for digit in name):
        return bytes.fromhex(name)
    raise InvalidRequest(
        "enrolment.kid",
        "密钥以其指纹（64 位十六进制）为编号",
        "a key is named by its thumbprint, 64 hexadecimal digits",
    )


def _lay(service: Service, content: bytes, host: str) -> KeyState:
    asked = _checked(content)
    key = check_possession(bytes.fromhex(asked.proof), bytes.fromhex(asked.key), asked.party, service.origin)
    governance = service.governance
    if key.kid in governance.keys:
        raise Refused(
            "key.already_enrolled",
            "这把密钥已在账本中，无须再申请",
            "this key is in the book already: there is nothing to ask for",
            key.kid.hex(),
        )
    party = governance.parties.get(asked.party)
    if asked.recovers and (party is None or not party.keys):
        raise Refused(
            "enrolment.nothing_to_recover",
            "该主体没有可恢复的密钥：请按新密钥申请",
            "the party has no key that could be recovered: ask for a new one",
            asked.party,
        )
    service.store.desk_enrolments.put(
        EnrolmentRequest(
            kid=key.kid,
            party=asked.party,
            officer=asked.officer,
            cose_key=bytes.fromhex(asked.key),
            proof=bytes.fromhex(asked.proof),
            recovers=asked.recovers,
            client=client_hash(service, host, _USE),
            asked_at=service.sound_clock(),
        )
    )
    return KeyState("waiting")


def _checked(content: bytes) -> KeyRequest:
    """Raises `Malformed`, `Refused`. What is wrong is not repeated where it may be somebody's number."""
    try:
        asked = msgspec.json.decode(content, type=KeyRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("a request for a key has party, officer (a-z, 0-9, -), key, proof, recovers") from None
    if names_a_resident(asked.party):
        raise Refused(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    refuse_resident_number(asked.officer)
    if certain_in(asked.officer) is not None:
        raise Refused(
            "enrolment.officer_is_personal",
            "经办人写代号，不写姓名、电话或证件号码",
            "an officer is named by a pseudonym, not by a name, telephone or identity number",
        )
    if kind(parse(asked.party)) != "party":
        raise Malformed("keys are those of parties")
    if asked.party == ROOT_PARTY:
        raise Refused(
            "root.by_root_only",
            "根主体的密钥由根密钥变更，不在此申请",
            "the root's keys are changed by the root itself, and not asked for here",
        )
    return asked


def _state(service: Service, kid: bytes) -> KeyState:
    key = service.governance.keys.get(kid)
    if key is not None:
        return _in_book(key, service)
    request = service.store.desk_enrolments.get(kid, service.sound_clock())
    if request is None:
        return KeyState("unknown")
    return KeyState("waiting") if request.refused_at is None else KeyState("refused", reason=request.reason)


def _in_book(key: EnrolledKey, service: Service) -> KeyState:
    today = service.today()
    if key.ended_at is not None:
        return KeyState("ended")
    if key.valid_on(today):
        return KeyState("enrolled")
    if key.usable_from is not None and today < key.usable_from:
        return KeyState("recovering", usable_from=str(key.usable_from))
    return KeyState("not_valid_today")
