"""`create_app`: the only wiring of routes. Hot paths are plain ASGI (`api/routes/fast_paths.py`), the rest FastAPI."""

from __future__ import annotations

from typing import Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.http.bodies import no_nul, wants_json
from api.http.errors import InvalidRequest, Problem, problem_of, problem_response
from api.http.metrics import Metrics
from api.http.rate_limit import Limits, RateLimit
from api.routes import (
    accesses,
    annexes,
    attachments,
    campaigns,
    ctis,
    enterprises,
    events,
    meta,
    pledges,
    policies,
    standards,
    streams,
)
from api.routes import completeness_map as maps
from api.routes import cosigned as witnesses
from api.routes import entries_reading as resolve
from api.routes import log_files as log
from api.routes import policy_comparison as comparisons
from api.routes import standing_history as histories
from api.routes import standings_dump as dump
from api.routes.entries_registration import PostEntries, post_batch, post_body
from api.routes.fast_paths import INTERNAL, Front
from api.routes.marks import MarkRoute
from api.routes.standing import StandingRoute, post_query
from api.service.service import Service
from ledger.errors import LedgerError

__all__ = ["create_app"]

SCRAPI_PATHS: Final = ("/entries", "/bodies", "/.well-known/scitt")
PLAIN: Final = (
    (
        "post",
        "/entries",
        "Register a signed statement (SCRAPI)",
        {"201": "The receipt (application/cose)", "303": "It waits for its release", "400": "Refused: the rule"},
    ),
    (
        "post",
        "/entries/batch",
        "Register many: a CBOR sequence of statement or [statement, body] in",
        {"200": "A CBOR sequence, one result per item, in order"},
    ),
    (
        "post",
        "/bodies",
        "Upload a sealed statement's body, before the statement",
        {"201": "Its commitment"},
    ),
    (
        "get",
        "/m/{serial}",
        "What a scanned mark is worth, today and on the day of production (produced_on)",
        {"200": "Licence, products, state", "404": "No such mark was ever issued"},
    ),
    (
        "get",
        "/v1/enterprises/{name}/standing",
        "Current standing, or as_of a date and at a tree_size; signed for Accept: application/cose",
        {"200": "Level, reasons, next_change_on", "304": "Unchanged", "422": "No possible id"},
    ),
    (
        "post",
        "/v1/standings/query",
        "Standings of up to 1,000 enterprises",
        {"200": "One result per id, in order"},
    ),
)
_STATUS: Final = {
    404: ("not-found", "没有该页面", "no such resource"),
    405: ("method-not-allowed", "不支持该方法", "this method is not for this resource"),
}


def create_app(service: Service, limits: Limits) -> ASGIApp:
    """The ASGI application over an opened service: limits and meters around the hot paths and the framework."""
    framework = _framework(service)
    app: ASGIApp = Front(framework, service)
    app = RateLimit(app, limits)
    app = Metrics(app, service.meters, _first_segments(framework))
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET"],
        expose_headers=["ETag", "Ledger-Tree-Size", "RateLimit", "RateLimit-Policy", "Retry-After", "Location"],
    )


def _framework(service: Service) -> FastAPI:
    app = FastAPI(
        title="Credit Ledger 质量诚信账本",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(no_nul)],
    )
    app.state.service = service
    # `api/routes/fast_paths.py` answers these three before; here they stand for what other methods are told.
    app.router.routes.append(Route("/entries", PostEntries(service), methods=["POST"]))
    app.router.routes.append(Route("/v1/enterprises/{name}/standing", StandingRoute(service), methods=["GET"]))
    app.router.routes.append(Route("/m/{serial}", MarkRoute(service), methods=["GET"]))
    app.router.routes.append(Route("/entries/batch", post_batch, methods=["POST"]))
    app.router.routes.append(Route("/bodies", post_body, methods=["POST"]))
    app.router.routes.append(Route("/v1/standings/query", post_query, methods=["POST"]))
    for module in (
        accesses,
        attachments,
        resolve,
        log,
        maps,
        witnesses,
        annexes,
        histories,
        enterprises,
        pledges,
        campaigns,
        comparisons,  # before `policies/{entry}`
        policies,
        standards,
        streams,
        ctis,
        dump,
        events,
        meta,
    ):
        app.include_router(module.router)
    _describe_plain_routes(app)
    app.add_exception_handler(LedgerError, _ledger_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _defect)
    return app


def _describe_plain_routes(app: FastAPI) -> None:
    """Put the routes that are not FastAPI's into the interface description that it derives from its own."""
    paths = app.openapi()["paths"]
    for method, path, summary, answers in PLAIN:
        responses = {status: {"description": what} for status, what in answers.items()}
        paths.setdefault(path, {})[method] = {"summary": summary, "responses": responses}


def _first_segments(app: FastAPI) -> frozenset[str]:
    """The labels of meters: `/entries`, `/v1/enterprises` and so on."""
    parts = [path.split("/") for path in app.openapi()["paths"]]
    return frozenset("/".join(part[: 3 if part[1] == "v1" else 2]) for part in parts)


async def _ledger_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)  # registered for nothing else
    return _answer(request, problem_of(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for nothing else
    kind, zh, en = _STATUS.get(error.status_code, ("http", "请求不成立", "the request cannot be answered"))
    return _answer(request, Problem(error.status_code, kind, zh, en))


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for nothing else
    said = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return _answer(request, problem_of(InvalidRequest("request.invalid", f"参数不正确: {said}", said)))


async def _defect(request: Request, _: Exception) -> Response:
    return _answer(request, INTERNAL)


def _answer(request: Request, problem: Problem) -> Response:
    concise = request.url.path.startswith(SCRAPI_PATHS) and not wants_json(request)
    return problem_response(problem, concise=concise)
