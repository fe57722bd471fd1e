"""`GET /entries/…`: receipts, transparent statements, evidence and bodies of what is registered or waits.

An entry is named by its leaf index; while it waits at the desk, by its statement's SHA-256 in hexadecimal.
"""

from __future__ import annotations

import base64
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.bodies import wants_json
from api.http.errors import Gone, InvalidRequest
from api.service.event_json import event_json
from api.service.service import Service
from api.service.signed_requests import authenticated, is_signed
from api.service.waiting_pledges import require_not_refused
from ledger.cose.receipt import attach
from ledger.errors import NotFound
from ledger.reading.feed import to_recorded
from ledger.reading.issuer_evidence import MEDIA_TYPE as EVIDENCE
from ledger.reading.issuer_evidence import evidence
from ledger.store.contract import EntryRow, Fact

__all__ = ["entry_index", "router"]

router = APIRouter(tags=["entries"])

COSE: Final = "application/cose"
IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_STATEMENT_ID_DIGITS: Final = 64


@router.get("/entries/{name}", summary="Resolve a receipt (SCRAPI); by leaf index, or by statement id while it waits")
async def get_entry(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    if len(name) == _STATEMENT_ID_DIGITS:
        return await service.off_loop(_waiting, service, name)
    return Response(await service.log_files.receipt(entry_index(name)), headers=IMMUTABLE, media_type=COSE)


@router.get("/entries/{name}/statement", summary="The transparent statement: the signed statement with its receipt")
def get_statement(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    row = _row(service, entry_index(name))
    receipt, checkpoint = service.log.receipt(row.index)
    if wants_json(request):
        view = event_json(service, row)
        view["tree_size"] = checkpoint.tree_size
        view["statement"] = base64.b64encode(row.statement).decode()
        view["receipt"] = base64.b64encode(receipt).decode()
        return Response(msgspec.json.encode(view), headers={"Vary": "Accept"}, media_type="application/json")
    return Response(attach(row.statement, [receipt]), headers={**IMMUTABLE, "Vary": "Accept"}, media_type=COSE)


@router.get("/entries/{name}/evidence", summary="Evidence about the issuer, from the charter on")
def get_evidence(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(
        evidence(entry_index(name), service.store, service.log),
        headers={"Cache-Control": "public, max-age=60"},
        media_type=EVIDENCE,
    )


@router.get("/entries/{name}/body", summary="A sealed statement's body, while it is public; longer by signed request")
def get_body(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    row = _row(service, entry_index(name))
    if is_signed(request):
        return _body_for(service, request, row)
    if service.publicity.shows(row):
        return Response(row.body, headers={"Cache-Control": "no-store"}, media_type="application/json")
    stub = service.publicity.stub(row)
    if stub is None or "since" not in stub:
        raise NotFound(f"entry {row.index} has no body that is public")
    content = msgspec.json.encode({"entry": row.index, "closed": stub})
    return Response(content, 410, {"Cache-Control": "no-store"}, "application/json")


def _body_for(service: Service, request: Request, row: EntryRow) -> Response:
    """The body for those whom it concerns, whether it is public or not, and for everybody while it is; logged."""
    reader = authenticated(service, request)
    if not (reader.may_read(row.subject, to_recorded(row).issuer) or service.publicity.shows(row)):
        raise reader.refuse(service, subject=row.subject, entry=row.index)
    reader.log(service, "served", subject=row.subject, entry=row.index)
    if row.body is None:
        raise Gone("body.none", "该条记录没有正文，或正文已删除", "this entry has no body, or it was erased")
    return Response(row.body, headers={"Cache-Control": "no-store"}, media_type="application/json")


def entry_index(name: str) -> int:
    """The leaf index that a path names. Raises `InvalidRequest`."""
    if name.isascii() and name.isdigit() and len(name) <= 15 and str(int(name)) == name:
        return int(name)
    raise InvalidRequest("entries.name", "记录编号应为整数", "an entry is named by its leaf index, such as 0 or 1234")


def _row(service: Service, index: int) -> EntryRow:
    rows = service.store.entries(index, 1)
    if not rows:
        raise NotFound(f"no entry {index} in the log")
    return rows[0]


def _waiting(service: Service, statement_id: str) -> Response:
    """302 while it waits, then 303 to the entry (SCRAPI draft-11, "Query Registration Status")."""
    fact = Fact("released", statement_id.lower())
    index = service.store.facts([fact]).get(fact)
    if index is not None:
        return Response(b"", 303, {"Location": f"/entries/{index}"})
    try:
        waiting = service.desk.get(bytes.fromhex(statement_id))
    except ValueError:
        waiting = None
    if waiting is None:
        raise NotFound(f"no statement {statement_id} waits here")
    require_not_refused(waiting)
    return Response(b"", 302, {"Location": f"/entries/{statement_id}", "Retry-After": "60"})
