"""`/v1/pending`: pledges that wait for their publication, and what was refused, with the reason.

By signed request: organizers see all, an enterprise its own.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import read_bounded
from api.http.errors import InvalidRequest
from api.service.service import Service
from api.service.signed_requests import Reader, authenticated
from api.service.waiting_pledges import drop_ended, read_refusal
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.base import Closed
from ledger.domain.values.subject import is_enterprise
from ledger.errors import NotFound
from ledger.limits import DESK_PAGE_MAX, DESK_REFUSAL_BYTES_MAX
from ledger.store.desk import Pending

__all__ = ["router"]

router = APIRouter(prefix="/v1/pending", tags=["pending"])

_NO_STORE: Final = {"Cache-Control": "no-store"}
_ID_DIGITS: Final = 64


@router.get("", summary="Pledges that wait, by time of receipt: all for an organizer, an enterprise's own for it")
def get_pending(
    request: Request, campaign: str | None = None, cursor: str = "", limit: int = Query(20, ge=1, le=DESK_PAGE_MAX)
) -> Response:
    service: Service = request.app.state.service
    reader = authenticated(service, request)
    subject = _own(service, reader)
    reader.log(service, "served", subject=subject)
    drop_ended(service)
    of = None if campaign is None else f"campaign:{campaign.removeprefix('campaign:')}"
    rows = service.desk.list(campaign=of, subject=subject, after=_after(cursor), limit=limit)
    last = rows[-1] if len(rows) == limit else None
    page = {
        "pending": [_short(row) for row in rows],
        "cursor": None if last is None else f"{last.received_at}.{last.statement_id.hex()}",
    }
    return Response(msgspec.json.encode(page), headers=_NO_STORE, media_type="application/json")


@router.get("/{name}", summary="One of them, with its statement and its content; if refused, why")
def get_one(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    reader = authenticated(service, request)
    subject = _own(service, reader)
    drop_ended(service)
    row = _found(service, reader, _id(name), subject)
    reader.log(service, "served", subject=row.subject)
    return Response(msgspec.json.encode(_whole(row)), headers=_NO_STORE, media_type="application/json")


@router.post("/{name}/refusal", summary="Refuse one that waits, with a reason that its issuer reads")
async def post_refusal(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    reader = await run_in_threadpool(_organizer, service, request)
    content = await read_bounded(request.receive, DESK_REFUSAL_BYTES_MAX)
    refused = await run_in_threadpool(_refuse, service, reader, _id(name), content)
    return Response(msgspec.json.encode(_short(refused)), headers=_NO_STORE, media_type="application/json")


def _organizer(service: Service, request: Request) -> Reader:
    reader = authenticated(service, request, brings=True)
    if "organizer" not in reader.roles:
        raise reader.refuse(service)
    return reader


def _refuse(service: Service, reader: Reader, statement_id: bytes, content: bytes) -> Pending:
    reader.brought(content)
    refusal = read_refusal(content)
    drop_ended(service)
    row = _found(service, reader, statement_id, None)
    reader.log(service, "stored", subject=row.subject)
    return service.desk.refuse(statement_id, at=service.clock(), by=reader.party, reason=refusal.reason)


def _own(service: Service, reader: Reader) -> str | None:
    """Whose pledges this reader sees; None for all. Raises `AccessDenied`."""
    if "organizer" in reader.roles:
        return None
    subject = reader.party.removeprefix("party:")
    if ":" not in subject or not is_enterprise(subject):
        raise reader.refuse(service)
    return subject


def _found(service: Service, reader: Reader, statement_id: bytes, subject: str | None) -> Pending:
    """Raises `NotFound`, for what is somebody else's as for what is not there; the question is logged."""
    row = service.desk.get(statement_id)
    if row is None or subject not in (None, row.subject):
        reader.log(service, "refused", subject=subject)
        raise NotFound("no such statement waits here")
    return row


def _after(cursor: str) -> tuple[int, bytes] | None:
    if not cursor:
        return None
    time, _, name = cursor.partition(".")
    if not (time.isascii() and time.isdigit() and len(time) <= 12):
        raise InvalidRequest(
            "pending.cursor", "翻页的位置（cursor）应取自上一页", "a cursor is what the page before gave"
        )
    return int(time), _id(name)


def _id(name: str) -> bytes:
    if len(name) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in name):
        return bytes.fromhex(name)
    raise InvalidRequest(
        "pending.id",
        "等候公布的承诺以其声明的 SHA-256（64 位十六进制）为编号",
        "what waits is named by the SHA-256 of its statement, 64 hexadecimal digits",
    )


def _short(row: Pending) -> dict[str, Any]:
    return {
        "id": row.statement_id.hex(),
        "state": "waiting" if row.refused_at is None else "refused",
        "subject": row.subject,
        "campaign": row.campaign,
        "scope": row.scope,
        "received_at": _moment(row.received_at),
        "refused_at": None if row.refused_at is None else _moment(row.refused_at),
        "refused_by": row.refused_by,
        "reason": row.reason,
    }


def _whole(row: Pending) -> dict[str, Any]:
    statement = parse_statement(row.statement)
    event = decode_event(statement, row.body)
    return {
        **_short(row),
        "issuer": statement.issuer,
        "issued_at": _moment(statement.iat),
        "sealed": statement.sealed,
        "event": None if isinstance(event, Closed) else msgspec.to_builtins(event),
        "statement": base64.b64encode(row.statement).decode(),
        "body": None if row.body is None else base64.b64encode(row.body).decode(),
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
