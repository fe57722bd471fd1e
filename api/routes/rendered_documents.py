"""Answers from rendered documents: entity tags, conditional requests, and what headers every read carries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.service.service import Service
from projections.declarations.declaration_view import Document

__all__ = ["conditional", "headers"]


def headers(service: Service) -> dict[str, str]:
    """How far the projections are, and that nothing of it keeps for long."""
    return {"Ledger-Tree-Size": str(service.progress.size), "Cache-Control": "public, max-age=10"}


def conditional(request: Request, service: Service, document: Document) -> Response:
    """The document, or 304 where the client has it."""
    answer = {**headers(service), "ETag": f'"{document.etag}"'}
    if document.etag in request.headers.get("if-none-match", ""):
        return Response(b"", 304, answer)
    return Response(document.body, headers=answer, media_type="application/json")
