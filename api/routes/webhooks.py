"""`/v1/webhooks`: be told of entries as they come, by subject, campaign or type, from any place of the log on.

Whoever asks is given a token and a secret, once. Nothing is told before the address itself has answered a challenge.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.delivery.outside_post import web_address
from api.http.bodies import read_bounded
from api.http.enterprise_ids import subject_of
from api.http.errors import InvalidRequest
from api.notices.webhook_messages import WebhookReceiver
from api.service.client_hash import client_hash
from api.service.service import Service
from ledger.domain.events.types import ALL
from ledger.domain.values.enterprise_code import RESIDENT_EN, RESIDENT_RULE, RESIDENT_ZH
from ledger.domain.values.subject import names_a_resident, parse
from ledger.errors import Malformed, NotFound, Refused
from ledger.limits import LEAF_INDEX_ASKED_MAX, WEBHOOK_REQUEST_BYTES_MAX, WEBHOOK_TERMS_MAX
from ledger.store.desk_webhooks import NewWebhook, WebhookFilter, WebhookSubscription

__all__ = ["router"]

router = APIRouter(prefix="/v1/webhooks", tags=["feed"])

_NO_STORE: Final = {"Cache-Control": "no-store"}
_USE: Final = b"credit-ledger webhook client\n"
_SECRET_BYTES: Final = 32
_ID_DIGITS: Final = 32
_BEARER: Final = "Bearer "
_TYPES: Final = frozenset(str(one.__struct_config__.tag) for one in ALL)

_Terms = Annotated[tuple[str, ...], Meta(max_length=WEBHOOK_TERMS_MAX)]
_After = Annotated[int, Meta(ge=-1, le=LEAF_INDEX_ASKED_MAX)]


class WebhookRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: entries that are among each of the three, an empty one leaving out nothing; those after the
    entry `after`, or from now on."""

    url: str
    subjects: _Terms = ()
    campaigns: _Terms = ()
    types: _Terms = ()
    after: _After | None = None


class ReplayRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """From where to deliver: after the entry `after`, or from where it stopped."""

    after: _After | None = None


@router.post("", summary="Ask to be told of entries by webhook; the address has to answer a challenge first")
async def post_webhook(request: Request) -> Response:
    service: Service = request.app.state.service
    content = await read_bounded(request.receive, WEBHOOK_REQUEST_BYTES_MAX)
    host = "-" if request.client is None else request.client.host
    return _answer(await run_in_threadpool(_ask, service, content, host), 201)


@router.get("/{name}", summary="How a webhook stands: what it was told, what is wrong")
def get_webhook(name: str, request: Request) -> Response:
    return _answer(_document(_own(request, name)))


@router.post("/{name}/replay", summary="Deliver again from an entry on, or go on where it was stopped")
async def post_replay(name: str, request: Request) -> Response:
    content = await read_bounded(request.receive, WEBHOOK_REQUEST_BYTES_MAX)
    return _answer(await run_in_threadpool(_replay, request, name, content))


@router.post("/{name}/end", summary="End a webhook; where it went is erased")
def post_end(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    service.store.webhooks.end(_own(request, name).id, service.notice_keys)
    return Response(status_code=204, headers=_NO_STORE)


def _ask(service: Service, content: bytes, host: str) -> dict[str, Any]:
    try:
        asked = msgspec.json.decode(content, type=WebhookRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed(
            f"a webhook has url, subjects, campaigns, types ({WEBHOOK_TERMS_MAX} of each at most), after"
        ) from None
    _require_address(service, asked.url)
    secret, token = secrets.token_bytes(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    new = NewWebhook(
        token_hash=sha256(token.encode()).digest(),
        client=client_hash(service, host, _USE),
        receiver=msgspec.json.encode(WebhookReceiver(asked.url, secret)),
        filter=_filter(asked),
        next_entry=_next_entry(service, asked.after),
    )
    made = service.store.webhooks.ask(service.notice_keys, new, service.sound_clock())
    spelled = f"whsec_{base64.b64encode(secret).decode()}"
    return {**_document(made), "token": token, "secret": spelled}


def _require_address(service: Service, url: str) -> None:
    """As far as can be told at once; what the name leads to is looked at whenever something is sent."""
    address = web_address(url)
    if address.scheme == "http" and not service.outside.names_any:
        raise Refused("webhook.https", "网址须以 https:// 开头", "the address begins with https://")
    if service.outside.is_inside(address.host):
        raise Refused(
            "webhook.inside",
            "该网址指向内部网络或本机，不能作为接收地址",
            "the address points inside: to this machine or a private network",
        )


def _filter(asked: WebhookRequest) -> WebhookFilter:
    """What is not known is refused by name: a mistyped filter would wait for ever."""
    for kind in asked.types:
        if kind not in _TYPES:
            raise Refused("webhook.type", "没有这种记录类型", "there is no such event type", kind[:80])
    subjects = tuple(map(_subject, asked.subjects))
    campaigns = tuple(f"campaign:{one.removeprefix('campaign:')}" for one in asked.campaigns)
    return WebhookFilter(subjects, tuple(parse(one) for one in campaigns), asked.types)


def _subject(text: str) -> str:
    """The id of a stream, or an enterprise as on its licence."""
    try:
        subject = parse(text)
    except Malformed:
        return subject_of(text)
    if names_a_resident(subject):
        raise InvalidRequest(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    return subject


def _next_entry(service: Service, after: int | None) -> int:
    size = service.feed.size()
    if after is None:
        return size
    if after >= size:
        raise InvalidRequest(
            "webhook.after",
            f"账本只有 {size} 条记录",
            f"the log has {size} entries: there is none to come after that one",
        )
    return after + 1


def _replay(request: Request, name: str, content: bytes) -> dict[str, Any]:
    service: Service = request.app.state.service
    own = _own(request, name)
    try:
        asked = msgspec.json.decode(content, type=ReplayRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("a replay has after, an entry") from None
    position = None if asked.after is None else _next_entry(service, asked.after)
    service.store.webhooks.resume(own.id, service.sound_clock(), position)
    return _document(_own(request, name))


def _own(request: Request, name: str) -> WebhookSubscription:
    """The subscription of whoever has its token. Raises `NotFound`, for another's as for none."""
    service: Service = request.app.state.service
    given = request.headers.get("authorization", "")
    known = len(name) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in name)
    found = service.store.webhooks.get(bytes.fromhex(name)) if known else None
    token = sha256(given.removeprefix(_BEARER).encode()).digest()
    if found is None or not given.startswith(_BEARER) or not hmac.compare_digest(token, found.token_hash):
        raise NotFound("no such webhook, or it has another token (Authorization: Bearer …)")
    return found


def _document(one: WebhookSubscription) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "state": one.state,
        "subjects": one.filter.subjects,
        "campaigns": one.filter.campaigns,
        "types": one.filter.types,
        "next_entry": one.next_entry,
        "delivered_at": _moment(one.delivered_at),
        "attempts": one.attempts,
        "failing_since": _moment(one.failing_since),
        "problem": one.problem,
    }


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, _NO_STORE, "application/json")
