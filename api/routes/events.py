"""`/v1/events`: the feed of the book, resumable from any index; `/v1/standing-changes`: what changed for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.enterprise_ids import name_of
from api.routes.projection_reads import headers
from api.service.event_json import events_json
from api.service.event_tail import EventTail
from api.service.service import Service
from ledger.errors import LedgerError, Malformed
from ledger.limits import EVENTS_PAGE_MAX, LEAF_INDEX_ASKED_MAX, STREAMS_TOLD_PER_SECOND_MAX
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
        return _Followed(service, request.client.host if request.client else "-", start)
    lines = await service.long_read(_lines, service, after, limit)
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
    return [msgspec.json.encode(view) + b"\n" for view in events_json(service, rows)]


class _Followed(StreamingResponse):
    """Server-sent events for as long as the client likes; one of its turns. Raises as `Turns.check` does."""

    def __init__(self, service: Service, host: str, after: int) -> None:
        service.streams.check(host)
        super().__init__(_stream(service, after), media_type="text/event-stream")
        self._service = service
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._service.streams.turn(self._host):
            await super().__call__(scope, receive, send)


async def _stream(service: Service, after: int) -> AsyncIterator[bytes]:
    """Lines as they come; `id` is the leaf index, so that a browser resumes by itself. Waiting takes no thread."""
    tail = service.tail
    if tail is None:
        tail = service.tail = EventTail(lambda after, limit: service.long_read(_lines, service, after, limit))
    yield b"retry: 2000\n\n"
    while not service.closing:
        size = await service.log_grown.wait(after + 2, STREAM_WAIT_SECONDS)
        if size <= after + 1:
            yield b": alive\n\n"
            continue
        try:
            lines = await tail.lines(after, size)
        except LedgerError:
            return  # the client comes again, from the last id that it saw
        yield b"".join(
            b"id: %d\ndata: %s\n\n" % (number, line.rstrip(b"\n")) for number, line in enumerate(lines, after + 1)
        )
        after += len(lines)
        # The more there are who follow, the longer each gathers: telling all of them stays a small part of the time.
        await asyncio.sleep(service.streams.taken / STREAMS_TOLD_PER_SECOND_MAX)
