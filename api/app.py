"""`create_app`: the only wiring of routes. Hot paths are plain ASGI (`api/routes/fast_paths.py`), the rest FastAPI."""

from __future__ import annotations

import re
import time
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.desk import demo_sign_in, desk_page, key_pages, pending_pages, sign_in
from api.desk.complaints import file_page as complaint_file_page
from api.desk.complaints import list_page as complaint_list_page
from api.desk.complaints import public_pages as complain_pages
from api.desk.complaints.case_keeping import ComplaintFiles
from api.desk.data_officer import erasures_page
from api.desk.enrolment import key_requests, officer_pages, registrar_pages
from api.desk.enterprise import acknowledgements, own_enterprise_page, pledge_form
from api.desk.forms import act_pages
from api.desk.outbox import outbox_page, own_notices
from api.desk.regulator import (
    accesses_page,
    archive_page,
    audits_page,
    entry_page,
    explorer_page,
    log_page,
    policies_page,
)
from api.desk.releases import draft_acts, draft_page, drafts_page
from api.desk.staff import pending_acts, roster_form_page, roster_report_page
from api.desk.staff.kept_rosters import KeptRosters
from api.http.bodies import no_nul, wants_json
from api.http.conditional import Conditional
from api.http.errors import CONCISE, INTERNAL, InvalidRequest, Problem, WriterElsewhere, problem_of, problem_response
from api.http.known_parameters import KnownParameters
from api.http.methods import Methods
from api.http.metrics import Metrics
from api.http.openapi import describe
from api.http.rate_limit import Limits, RateLimit
from api.http.refuses_writes import RefusesWrites
from api.pages import (
    campaign_page,
    enterprise_feed,
    enterprise_page,
    figures_page,
    follow_pages,
    home_page,
    mark_page,
    pledge_page,
    robots,
    search_page,
    standard_pages,
    static_files,
    text_pages,
    verify_page,
)
from api.pages.enterprise_pages import EnterprisePages
from api.pages.enterprise_route import EnterpriseRoute
from api.pages.localized import problem_page
from api.routes import (
    accesses,
    annexes,
    attachments,
    campaigns,
    ctis,
    docs,
    dumps,
    enterprises,
    events,
    meta,
    pending,
    pledges,
    policies,
    standards,
    streams,
    webhooks,
)
from api.routes import completeness_map as maps
from api.routes import cosigned as witnesses
from api.routes import entries_reading as resolve
from api.routes import log_files as log
from api.routes import policy_comparison as comparisons
from api.routes import standing_history as histories
from api.routes.entries_registration import PostEntries, post_batch, post_body
from api.routes.fast_paths import Front
from api.routes.standing import StandingRoute, post_query
from api.service.figures import BookFigures
from api.service.mark_ranges import MarkRanges
from api.service.process_role import ReadsOnly
from api.service.service import Service
from ledger.errors import LedgerError

__all__ = ["create_app", "framework"]

_SCRAPI: Final = re.compile(r"/entries(?:/[^/]+)?|/\.well-known/scitt-keys(?:/[^/]+)?")
_OF_PROGRAMS: Final = ("/v1/", "/entries", "/.well-known/", "/tile/")  # a browser there is somebody who looks at JSON
_STATUS: Final = {
    404: ("not-found", "没有该页面", "no such resource"),
    405: ("method-not-allowed", "不支持该方法", "this method is not for this resource"),
}

# Modules of routes, each with its `router`; of two that fit an address, the first answers.
_PROGRAMS: Final = (
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
    pending,
    campaigns,
    comparisons,  # before `policies/{entry}`
    policies,
    standards,
    streams,
    ctis,
    dumps,
    events,
    webhooks,
    docs,
    meta,
)
_PUBLIC_PAGES: Final = (
    home_page,
    search_page,
    enterprise_feed,  # before `/e/{name}`
    enterprise_page,
    follow_pages,
    pledge_page,
    mark_page,
    campaign_page,
    robots,
    standard_pages,
    figures_page,
    text_pages,
    verify_page,
    static_files,
)
_DESKS: Final = (
    sign_in,
    key_pages,
    desk_page,
    pending_acts,  # before `pending/{name}`
    pending_pages,
    drafts_page,
    draft_page,
    draft_acts,
    act_pages,
    explorer_page,  # its exports before `explorer/{entry}`
    entry_page,
    erasures_page,
    accesses_page,
    archive_page,
    log_page,
    policies_page,
    complaint_list_page,  # before `/desk/complaints/{number}`
    complaint_file_page,
    complain_pages,
    key_requests,
    demo_sign_in,
    registrar_pages,
    officer_pages,
    own_enterprise_page,
    pledge_form,
    acknowledgements,
    roster_form_page,
    roster_report_page,
    audits_page,
    outbox_page,
    own_notices,
)


def create_app(service: Service, pages: EnterprisePages, limits: Limits) -> ASGIApp:
    """The ASGI application over an opened service: limits and meters around the hot paths and the framework."""
    inner = framework(service, pages)
    front = Front(inner, service, EnterpriseRoute(inner, service, pages))
    app: ASGIApp = Methods(Conditional(KnownParameters(front, inner.openapi())))
    if isinstance(service.role, ReadsOnly):
        elsewhere = problem_of(WriterElsewhere(service.role.writer))
        app = RefusesWrites(app, lambda scope: _answer(Request(scope), elsewhere))
    app = RateLimit(app, limits)
    app = Metrics(app, service.meters, _first_segments(inner))
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET"],
        expose_headers=["ETag", "Ledger-Tree-Size", "RateLimit", "RateLimit-Policy", "Retry-After", "Location"],
    )


def framework(service: Service, pages: EnterprisePages) -> FastAPI:
    """All routes, the interface described: what `create_app` puts limits and hot paths around."""
    app = FastAPI(
        title="Credit Ledger 质量诚信账本",
        version="0.1.0",
        docs_url=None,
        redirect_slashes=False,  # a redirect would go where `Host` says
        redoc_url=None,
        dependencies=[Depends(no_nul)],
    )
    app.state.service = service
    app.state.mark_ranges = MarkRanges(service)
    app.state.enterprise_pages = pages
    app.state.book_figures = BookFigures(service)
    app.state.complaint_files = ComplaintFiles(service)
    app.state.kept_rosters = KeptRosters(time.monotonic)
    app.state.roster_turns = roster_form_page.roster_turns()
    app.router.routes += [
        # `api/routes/fast_paths.py` answers these two before; here they stand for what other methods are told.
        Route("/entries", PostEntries(service), methods=["POST"]),
        Route("/v1/enterprises/{name}/standing", StandingRoute(service), methods=["GET"]),
        Route("/entries/batch", post_batch, methods=["POST"]),
        Route("/bodies", post_body, methods=["POST"]),
        Route("/v1/standings/query", post_query, methods=["POST"]),
    ]
    for module in (*_PROGRAMS, *_PUBLIC_PAGES, *_DESKS):
        app.include_router(module.router)
    app.openapi_schema = describe(app)
    app.add_exception_handler(LedgerError, _ledger_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _defect)
    return app


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
    problem = Problem(error.status_code, kind, zh, en)
    page = _page(request, problem) if error.status_code == 404 else None
    response = page or _answer(request, problem)
    response.headers.update(error.headers or {})  # such as what is allowed
    return response


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for nothing else
    said = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return _answer(request, problem_of(InvalidRequest("request.invalid", f"参数不正确：{said}", said)))


async def _defect(request: Request, _: Exception) -> Response:
    return _page(request, INTERNAL) or _answer(request, INTERNAL)


def _page(request: Request, problem: Problem) -> Response | None:
    """The problem as a page, for a browser on an address of people; None for every other."""
    path: str = request.scope["path"]
    if "text/html" not in request.headers.get("accept", "") or path.startswith(_OF_PROGRAMS):
        return None
    return problem_page(request, "en" if f"{path}/".startswith("/en/") else "zh", problem)


def _answer(request: Request, problem: Problem) -> Response:
    """Concise where it is asked for, and on the routes of SCRAPI unless JSON is."""
    path = request.scope["path"]
    asked = CONCISE in request.headers.get("accept", "")
    on_scrapi = _SCRAPI.fullmatch(path) is not None and path != "/entries/batch"
    concise = asked or (on_scrapi and not wants_json(request))
    return problem_response(problem, concise=concise)
