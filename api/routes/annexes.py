"""`/annexes`: public files that entries name. Upload one first, then register the statement that names it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.conditional import entity_tag
from api.http.errors import Gone
from api.service.service import Service
from api.service.uploads import uploaded
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.values.media_types import media_type_of
from ledger.errors import NotFound
from ledger.limits import ANNEX_BYTES_MAX, ANNEX_MAX_AGE_SECONDS
from ledger.reading.feed import to_recorded
from ledger.store.contract import Fact
from ledger.store.upload_owners import Owner

__all__ = ["router"]

router = APIRouter(prefix="/annexes", tags=["log"])

_DIGEST: Final = re.compile("[0-9a-f]{64}")
# Somebody else's file on our origin: it is shown as what it is, and runs nothing.
_HEADERS: Final = {
    "Cache-Control": f"public, max-age={ANNEX_MAX_AGE_SECONDS}",  # its bytes never change, but it can be taken down
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_CHARSET: Final = {"text/plain": "text/plain; charset=utf-8", "text/csv": "text/csv; charset=utf-8"}


@router.post(
    "",
    status_code=201,
    summary="Upload a public file that a statement will name; held for an hour until it does",
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}, "required": True}},
)
async def post_annex(request: Request) -> Response:
    service: Service = request.app.state.service
    owner, content = await uploaded(service, request, ANNEX_BYTES_MAX)
    return await run_in_threadpool(_hold, service, content, owner)


@router.get("/{digest}", summary="A public file that an entry names, by SHA-256")
def get_annex(digest: str, request: Request) -> Response:
    service: Service = request.app.state.service
    named = bytes.fromhex(digest) if _DIGEST.fullmatch(digest) else None
    found = None if named is None else service.store.annexes.get(named)
    if found is None:
        if named is not None and service.store.annexes.gone(named):
            raise _gone(service, digest)
        raise NotFound(f"no entry names an annex {digest[:64]}")
    content, media_type = found
    headers = {**_HEADERS, "ETag": entity_tag(digest)}
    return Response(content, headers=headers, media_type=_CHARSET.get(media_type, media_type))


def _hold(service: Service, content: bytes, owner: Owner) -> Response:
    media_type = media_type_of(content)
    digest = sha256(content)
    if service.store.annexes.gone(digest.digest()):
        raise _gone(service, digest.hexdigest())
    service.store.annexes.hold(digest.digest(), content, media_type, service.clock(), owner)
    answer = {"sha256": digest.hexdigest(), "bytes": len(content), "media_type": media_type}
    return Response(msgspec.json.encode(answer), 201, media_type="application/json")


def _gone(service: Service, digest: str) -> Gone:
    """By which entry it was taken down, and why. A book that was restored from before may lack that entry."""
    fact = Fact("annex_taken_down", digest)
    index = service.store.facts([fact]).get(fact)
    if index is None:
        return Gone("annex.taken_down", "该附件已撤下", "this annex was taken down")
    (row,) = service.store.entries(index, 1)
    event = to_recorded(row).event
    assert isinstance(event, AnnexTakenDown)  # nothing else has this fact
    return Gone(
        "annex.taken_down",
        f"该附件已由第 {index} 条记录撤下：{event.ground}",
        f"this annex was taken down by entry {index}: {event.ground}",
        entry=index,
    )
