"""`/v1/events`: the feed of the book, resumable from any index; `/v1/standing-changes`: what changed for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from api.http.enterprise_ids import name_of
from api.routes.rendered_documents import headers
from api.service.event_json import event_json
from api.service.service import Service
from ledger.errors import LedgerError, Malformed
from ledger.limits import EVENTS_PAGE_MAX, LEAF_INDEX_ASKED_MAX
from projections.standing.standing_view import BEGINNING, Cursor

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["feed"])

STREAM_WAIT_SECONDS = 5.0  # after which a quiet stream says that it lives


@router.get("/events", summary="The feed: NDJSON, or server-sent events; resumes from any index")
async def events(
    request: Request,
    after: int = Query(
        -1, ge=-1, le=LEAF_INDEX_ASKED_MAX, description="Leaf index of the last one that is known already"
    ),
    limit: int = Query(EVENTS_PAGE_MAX, ge=1, le=EVENTS_PAGE_MAX),
) -> Response:
    service: Service = request.app.state.service
    if "text/event-stream" in request.headers.get("accept", ""):
        last = request.headers.get("last-event-id", "")
        start = int(last) if last.isascii() and last.isdigit() and len(last) <= 15 else after
        return StreamingResponse(_stream(service, request, start), media_type="text/event-stream")
    lines = await service.off_loop(_lines, service, after, limit)
    return Response(b"".join(lines), headers=headers(service), media_type="application/x-ndjson")


@router.get("/standing-changes", summary="Changes of level, by events and by time alone, resumable")
def standing_changes(request: Request, after: str = "", limit: int = Query(100, ge=1, le=EVENTS_PAGE_MAX)) -> Response:
    service: Service = request.app.state.service
    cursor = Cursor.parse(after) if after else BEGINNING
    if not -1 <= cursor.position <= LEAF_INDEX_ASKED_MAX:
        raise Malformed(f"not a cursor: {after[:80]!r}")
    rows = service.views.standings.changes(cursor, limit, service.clock(), service.feed.size())
    changes = [
        {
            "cursor": str(row.cursor),
            "enterprise": name_of(row.cursor.subject),
            "on": row.cursor.changed_on,
            "entry": row.cursor.position,
            "before": row.before.value,
            "after": row.after.value,
        }
        for row in rows
    ]
    answer = {"changes": changes, "after": str(rows[-1].cursor) if rows else after or None}
    return Response(msgspec.json.encode(answer), headers=headers(service), media_type="application/json")


def _lines(service: Service, after: int, limit: int) -> list[bytes]:
    rows = service.store.entries(after + 1, limit)
    return [msgspec.json.encode(event_json(service, row)) + b"\n" for row in rows]


async def _stream(service: Service, request: Request, after: int) -> AsyncIterator[bytes]:
    """Server-sent events; `id` is the leaf index, so that a browser resumes by itself."""
    yield b"retry: 2000\n\n"
    while not service.closing and not await request.is_disconnected():
        try:
            lines = await service.off_loop(_lines, service, after, 100)
        except LedgerError:
            return  # the client comes again, from the last id that it saw
        for line in lines:
            after += 1
            yield b"id: %d\ndata: %s\n\n" % (after, line.rstrip(b"\n"))
        if not lines:
            size = await service.off_loop(service.feed.wait, after + 2, STREAM_WAIT_SECONDS)
            if size <= after + 1:
                yield b": alive\n\n"
