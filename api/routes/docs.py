"""`/docs`: the interface for people, made once from the document that programs read."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from api.http.openapi import reference_page

__all__ = ["router"]

router = APIRouter(tags=["service"], include_in_schema=False)

_CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE: Final = files("api.http.openapi").joinpath("reference.css").read_bytes()
_HOUR: Final = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}


@router.get("/docs")
def docs(request: Request) -> Response:
    return Response(
        _page(request.app),
        headers={**_HOUR, "Content-Security-Policy": _CSP, "Referrer-Policy": "no-referrer"},
        media_type="text/html",
    )


@router.get("/docs.css")
def style() -> Response:
    return Response(_STYLE, headers=_HOUR, media_type="text/css")


@lru_cache(maxsize=1)
def _page(app: FastAPI) -> bytes:
    document: dict[str, Any] = app.openapi()
    return reference_page(document).encode()
