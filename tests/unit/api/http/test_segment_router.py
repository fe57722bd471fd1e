"""What our router answers is what the framework's own answers: for addresses, for methods, for what is nowhere."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.http.bodies import require_no_nul
from api.http.errors import InvalidRequest
from api.http.segment_router import SegmentRouter


def endpoint(said: str):
    def answer(request: Request) -> Response:
        return PlainTextResponse(f"{said} {sorted(request.path_params.items())}")

    return answer


def routes() -> list[BaseRoute]:
    router = APIRouter()
    for method, path in (
        ("GET", "/"),
        ("GET", "/a/b/c/d"),
        ("POST", "/a/b/{name}/d"),
        ("PUT", "/a/{name}"),
        ("GET", "/a/b"),
        ("GET", "/files/{path:path}"),
        ("POST", "/files/{path:path}"),
        ("DELETE", "/{name}"),
    ):
        router.add_api_route(path, endpoint(f"{method} {path}"), methods=[method], response_class=Response)
    return [Route("/plain", endpoint("plain")), *router.routes]


@pytest.fixture(scope="module")
def both() -> tuple[FastAPI, FastAPI]:
    """The framework with its own router, and with ours."""
    own, ours = FastAPI(openapi_url=None, redirect_slashes=False), FastAPI(openapi_url=None)
    own.router.routes += routes()
    ours.router = SegmentRouter(routes(), require_no_nul)
    for app in (own, ours):
        app.add_exception_handler(InvalidRequest, lambda _, error: PlainTextResponse(str(error), 422))
    return own, ours


def ask(app: FastAPI, method: str, path: str) -> tuple[int, list[tuple[str, str]], str]:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path)

    answer = asyncio.run(asked())
    return answer.status_code, answer.headers.multi_items(), answer.text


@pytest.mark.parametrize("path", ["/", "/a/b/c/d", "/a/b", "/a/b/", "/a/x", "/files/x/y", "/x", "/plain", "/a/b%0A"])
def test_what_is_answered_is_what_the_framework_answers(both: tuple[FastAPI, FastAPI], path: str) -> None:
    own, ours = both
    for method in ("GET", "POST", "DELETE"):
        assert ask(ours, method, path) == ask(own, method, path)


def test_nothing_that_holds_a_nul_reaches_an_endpoint(both: tuple[FastAPI, FastAPI]) -> None:
    _, ours = both
    assert ask(ours, "GET", "/a/b?x=%00")[0] == 422
    assert ask(ours, "GET", "/files/%00")[0] == 422
    assert ask(ours, "GET", "/nowhere/at/all?x=%00")[0] == 404
    assert ask(ours, "POST", "/a/b?x=%00")[0] == 405
