"""A witness as an HTTP service: C2SP tlog-witness (main, July 2026) under `/`, and a page that says who it is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.http.rate_limit import Limits, RateLimit
from ledger.errors import LedgerError, Malformed, Unavailable
from ledger.limits import WITNESS_REQUEST_BYTES_MAX
from ledger.witness import Conflict, NotConsistent, NotSigned, UnknownLog, Witness

__all__ = ["create_witness_app", "serve_witness"]

SIZE_TYPE: Final = "text/x.tlog.size"
_STATUS: Final[Mapping[type[LedgerError], int]] = {
    Malformed: 400,
    NotSigned: 403,
    UnknownLog: 404,
    Conflict: 409,
    NotConsistent: 422,
    Unavailable: 503,
}
_LOG = logging.getLogger(__name__)


def create_witness_app(witness: Witness, limits: Limits) -> ASGIApp:
    """The ASGI application over an opened witness."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await _body(request)
        except _TooLarge:
            return PlainTextResponse(f"at most {WITNESS_REQUEST_BYTES_MAX} bytes\n", 413)
        try:
            return PlainTextResponse(await run_in_threadpool(witness.add_checkpoint, body))
        except LedgerError as error:
            return _refusal(error)

    async def checkpoint(request: Request) -> Response:
        try:
            note = await run_in_threadpool(witness.checkpoint, request.path_params["digest"])
        except LedgerError as error:
            return _refusal(error)
        return PlainTextResponse(note)

    async def index(_: Request) -> Response:
        return PlainTextResponse(await run_in_threadpool(_about, witness))

    async def healthz(_: Request) -> Response:
        try:
            await run_in_threadpool(witness.state.heads)
        except Unavailable as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ok\n")

    routes = [
        Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
        Route("/{digest:str}/checkpoint", checkpoint, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/", index, methods=["GET"]),
    ]
    return RateLimit(Starlette(routes=routes), limits)


def serve_witness(app: ASGIApp, host: str, port: int) -> None:
    """Answer until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _LOG.info("witnessing on http://%s:%d", host, port)
    uvloop.run(uvicorn.Server(config).serve())


class _TooLarge(Exception):
    pass


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > WITNESS_REQUEST_BYTES_MAX:
            raise _TooLarge
    return bytes(body)


def _refusal(error: LedgerError) -> Response:
    """The status that the standard gives to each refusal; 409 says the size, and nothing else."""
    if isinstance(error, Conflict):
        return Response(f"{error.size}\n", 409, media_type=None, headers={"Content-Type": SIZE_TYPE})
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    headers = {"Retry-After": "5"} if status == 503 else None
    return PlainTextResponse(f"{error}\n", status, headers=headers)


def _about(witness: Witness) -> str:
    """Who this is and what it last cosigned, for people."""
    lines = ["C2SP tlog-witness", *witness.vkeys, ""]
    seen = witness.state.heads()
    for origin in witness.logs:
        if origin in seen:
            head, at = seen[origin]
            lines.append(f"{origin}\n  {head.size} entries, root {head.root.hex()}, {_time(at)}")
        else:
            lines.append(f"{origin}\n  nothing yet")
    return "\n".join(lines) + "\n"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
