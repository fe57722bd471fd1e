"""`POST /v1/policies/comparison`: who would have another level under the policy that is sent, and why.

For those who say, approve or watch policies: below NORMAL there is no public list. It runs in a process of its own that
yields to everything else, one at a time; a client that leaves takes its comparison with it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import date
from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.bodies import read_bounded
from api.http.errors import AccessDenied
from api.service.policy_comparisons import COMPARERS, FoundComparison, comparison_turn, make_comparison
from api.service.service import Service
from api.service.signed_requests import Reader, authenticated
from ledger.domain.events.policy import StandingPolicy
from ledger.domain.rules.policy_conditions import read_policy, require_flawless
from ledger.errors import Unavailable
from ledger.limits import (
    COMPARISON_LINES_PIECE,
    COMPARISON_SECONDS_MAX,
    DUMP_SECONDS_MAX,
    POLICY_DOCUMENT_BYTES_MAX,
)

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["policies"])


@router.post(
    "/policies/comparison",
    summary="Who would change level under the policy that is sent (signed request): totals, then a line each",
)
async def compare(
    request: Request,
    as_of: Annotated[date | None, Query(description="The day that is compared; today if not given")] = None,
) -> Response:
    """NDJSON. The first line has `changed`, the number of those that follow: with fewer the answer broke off."""
    service: Service = request.app.state.service
    reader = await run_in_threadpool(_reader, service, request)
    content = await read_bounded(request.receive, POLICY_DOCUMENT_BYTES_MAX)
    reader.brought(content)
    policy = await run_in_threadpool(_policy, content)
    with ExitStack() as turn:
        turn.enter_context(comparison_turn(reader.party))
        await run_in_threadpool(reader.log, service, "served")
        found = await _found(service, request, policy, as_of or service.today())
        turn.callback(found.files.close)
        return _Compared(found, turn.pop_all())


def _reader(service: Service, request: Request) -> Reader:
    reader = authenticated(service, request, brings=True)
    if reader.roles.isdisjoint(COMPARERS):
        reader.log(service, "refused")
        raise AccessDenied(
            403,
            "access.not_for_this_role",
            "政策比较仅供组织者、审定方和监管机关使用",
            "policies are compared for organizers, approvers and regulators",
        )
    return reader


def _policy(content: bytes) -> StandingPolicy:
    """Raises `Malformed` with the place, `Refused` with all places that are wrong."""
    policy = read_policy(content)
    require_flawless(policy)
    return policy


async def _found(service: Service, request: Request, policy: StandingPolicy, day: date) -> FoundComparison:
    """The comparison, made in a thread that waits for its process; ended early if the client leaves."""
    gone = threading.Event()
    until = time.monotonic() + COMPARISON_SECONDS_MAX

    def go_on(done: int, total: int) -> None:
        if gone.is_set() or service.closing or time.monotonic() > until:
            raise Unavailable(f"the comparison was ended after {done} of {total} parts")

    making = asyncio.ensure_future(run_in_threadpool(make_comparison, service.conninfo, policy, day, go_on))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not making.done():
            gone.set()
    return await making


async def _left(request: Request) -> None:
    """Until the client is gone: nothing else is to be heard of it, its content was read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Compared(StreamingResponse):
    """Lets go of the files and of the party's turn however the answer ends."""

    def __init__(self, found: FoundComparison, turn: ExitStack) -> None:
        told = {"Cache-Control": "no-store", "Ledger-Tree-Size": str(found.totals.tree_size)}
        super().__init__(_pieces(found), headers=told, media_type="application/x-ndjson")
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._turn.close()


async def _pieces(found: FoundComparison) -> AsyncIterator[bytes]:
    """Read in a thread. A client that takes too long does not get all lines."""
    until = time.monotonic() + DUMP_SECONDS_MAX
    yield msgspec.json.encode(found.totals) + b"\n"
    while time.monotonic() < until:
        piece = await run_in_threadpool(lambda: b"".join(islice(found.lines, COMPARISON_LINES_PIECE)))
        if not piece:
            return
        yield piece
