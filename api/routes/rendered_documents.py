"""Answers from rendered documents: their entity tags, and what headers every read carries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.http.conditional import entity_tag
from api.service.service import Service
from projections.declarations.declaration_view import Document

__all__ = ["conditional", "headers"]


def headers(service: Service) -> dict[str, str]:
    """How far the projections are, and that nothing of it keeps for long."""
    return {"Ledger-Tree-Size": str(service.progress.size), "Cache-Control": "public, max-age=10"}


def conditional(request: Request, service: Service, document: Document) -> Response:
    """The document; whether the client has it is seen to by `api/http/conditional.py`."""
    answer = {**headers(service), "ETag": entity_tag(document.etag.strip('"'))}
    return Response(document.body, headers=answer, media_type="application/json")
