"""About the service itself: whether it lives and is ready, and its meters."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from api.service.process_role import ReadsOnly
from api.service.service import Service
from ledger.errors import LedgerError
from ledger.limits import METERS_LOOK_SECONDS, READY_SECONDS_MAX

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Response:
    """In the event loop: neither a thread nor the database is needed."""
    return Response(b"ok\n", media_type="text/plain")


@router.get("/readyz", summary="Whether a commit made now would succeed, and readers see what is committed")
async def readyz(request: Request) -> Response:
    """Within a second. `conditions` are stable names of what is wrong, `why` the words for it."""
    service: Service = request.app.state.service
    looked = await service.readiness.look()
    ready: dict[str, Any] = {
        "ready": not looked.conditions,
        "tree_size": looked.tree_size,
        "projected_size": service.progress.size,
        # Of 0 nothing but this machine's memory tells a copy of keys and database from the log itself.
        "witnesses": service.witnessing.count,
    }
    if service.published is not None:
        # Proofs do not wait for the database: up to here they are there whatever is wrong below.
        ready["published_size"] = published = await service.log_files.published_size()
    if looked.conditions:
        ready["why"] = "; ".join(one.why for one in looked.conditions)
        if service.published is not None:
            ready["why"] += (
                "; the published copy does not answer either"
                if published is None
                else f"; checkpoint, tiles, bundles and receipts of {published} entries are answered from the copy"
            )
        ready["conditions"] = [one.name for one in looked.conditions]
    if service.witnessing.rounds is not None:  # for information: a log without its quorum still takes statements
        ready["witnessed_size"] = service.witnessing.rounds.witnessed_size
    if isinstance(service.role, ReadsOnly):
        ready.update(looked.told, reads_only=True, entries_behind=service.role.lag.entries)
    headers = {} if ready["ready"] else {"Retry-After": "1"}
    return JSONResponse(ready, 200 if ready["ready"] else 503, headers)


@router.get("/metrics", summary="Meters in Prometheus' text format")
async def metrics(request: Request) -> Response:
    service: Service = request.app.state.service
    meters = service.meters
    if (
        not meters.text or time.monotonic() - meters.read_at > METERS_LOOK_SECONDS
    ):  # who asks pays no tokens: one reading serves many
        meters.read_at = time.monotonic()
        await _measure(service)
        meters.text = generate_latest(meters.registry)
    return Response(meters.text, media_type=CONTENT_TYPE_LATEST)


async def _measure(service: Service) -> None:
    meters = service.meters
    looked = await service.readiness.look()
    meters.ready.set(not looked.conditions)
    meters.conditions.clear()
    for one in looked.conditions:
        meters.conditions.labels(one.name).set(1)
    if isinstance(service.role, ReadsOnly):
        meters.behind.set(service.role.lag.entries or 0)
    newest = service.head.checkpoint
    meters.tree_size.set(0 if newest is None else newest.tree_size)
    meters.projected.set(service.progress.size)
    meters.scrubbed.set(service.scrubber.scrubbed)
    meters.damages.set(len(service.scrubber.found))
    meters.witnesses.set(service.witnessing.count)
    meters.queued.set(service.queued)
    if isinstance(service.role, ReadsOnly):
        return  # the desk is the writer's
    with suppress(LedgerError, TimeoutError):  # without the database the meters say what they said before
        desk = await asyncio.wait_for(service.off_loop(service.desk.count), READY_SECONDS_MAX)
        meters.desk.labels("waiting").set(desk.waiting)
        meters.desk.labels("refused").set(desk.refused)
