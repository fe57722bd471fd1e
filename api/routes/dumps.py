"""`/v1/standings.ndjson` and `/v1/outcomes.ndjson`: all there is in one answer, for whoever counts or keeps a copy.

A client has one of them at a time.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.conditional import entity_tag, is_known
from api.http.errors import TooManyRequests
from api.routes.projection_reads import headers
from api.service.service import Service
from ledger.errors import Busy
from ledger.limits import DUMP_SECONDS_MAX, DUMPS_MAX
from projections.db.read_snapshot import ReadSnapshot
from projections.declarations.outcome_dump import OutcomeDump
from projections.standing.standing_dump import StandingDump

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["standings"])

_UNDER_WAY: Final[set[str]] = set()  # clients, by their address
_AGAIN_SECONDS: Final = 10


@router.get("/standings.ndjson", summary="All current standings, by subject; a line of what, a line at the end")
async def standings(request: Request) -> Response:
    """The last line has `end`: without it the answer broke off. Unchanged until the book grows or a day passes."""
    service: Service = request.app.state.service
    rules, today = service.progress.rules(), service.today()
    return await _dumped(
        request, lambda snapshot: StandingDump(snapshot, service.views.standings, rules, today).lines()
    )


@router.get(
    "/outcomes.ndjson", summary="All public complaint outcomes, nobody named; a line of what, a line at the end"
)
async def outcomes(request: Request) -> Response:
    """The last line has `end`: without it the answer broke off. Unchanged until the book grows or a day passes."""
    service: Service = request.app.state.service
    today = service.today()
    return await _dumped(request, lambda snapshot: OutcomeDump(snapshot, today).lines())


async def _dumped(request: Request, lines_of: Callable[[ReadSnapshot], Iterator[bytes]]) -> Response:
    service: Service = request.app.state.service
    service.require_current()
    today = service.today()
    tag = entity_tag(f"{service.progress.size}-{today}")
    if is_known(tag, request.scope["headers"]):  # before a snapshot is taken
        return Response(b"", 304, {**headers(service), "ETag": tag})
    client = request.client.host if request.client else "-"
    if client in _UNDER_WAY:
        raise TooManyRequests(_AGAIN_SECONDS)
    if len(_UNDER_WAY) >= DUMPS_MAX:
        raise Busy("the number of dumps under way", _AGAIN_SECONDS)
    _UNDER_WAY.add(client)
    try:
        snapshot = await run_in_threadpool(ReadSnapshot, service.conninfo)
    except BaseException:
        _UNDER_WAY.discard(client)
        raise
    size = snapshot.tree_size  # the same read models give the same bytes on the same day
    told = {**headers(service), "Ledger-Tree-Size": str(size), "ETag": entity_tag(f"{size}-{today}")}
    return _Dumped(snapshot, lines_of(snapshot), client, told)


class _Dumped(StreamingResponse):
    """Lets go of the snapshot and of the client's turn however the answer ends."""

    def __init__(self, snapshot: ReadSnapshot, lines: Iterator[bytes], client: str, told: dict[str, str]) -> None:
        super().__init__(self._pieces(lines), headers=told, media_type="application/x-ndjson")
        self._snapshot = snapshot
        self._client = client

    async def _pieces(self, lines: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The client's turn is over before it can know that it has everything: the next request may come at once."""
        async for piece in _pieces(lines):
            yield piece
        _UNDER_WAY.discard(self._client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            _UNDER_WAY.discard(self._client)
            self._snapshot.close()


async def _pieces(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each page in a thread. A client that takes too long loses its snapshot: its answer ends without a last line."""
    until = time.monotonic() + DUMP_SECONDS_MAX
    while time.monotonic() < until:
        piece = await run_in_threadpool(next, lines, None)
        if piece is None:
            return
        yield piece
