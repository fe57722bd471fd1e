"""`/v1/pledges/{code}`: a public pledge, its receipt and its certificate. A sealed pledge is nowhere, by any name."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.http.conditional import entity_tag
from api.routes.projection_reads import conditional, headers, min_tree_size
from api.service.service import Service
from ledger.errors import NotFound
from projections.declarations.declaration_view import PledgeDocument

__all__ = ["router"]

router = APIRouter(prefix="/v1/pledges", tags=["pledges"], dependencies=[Depends(min_tree_size)])


@router.get("/{code}", summary="A public pledge by its code")
def pledge(code: str, request: Request) -> Response:
    service: Service = request.app.state.service
    return conditional(request, service, _pledge(service, code).document)


@router.get("/{code}/receipt", summary="The receipt of the pledge's own entry")
def receipt(code: str, request: Request) -> Response:
    service: Service = request.app.state.service
    return RedirectResponse(f"/entries/{_pledge(service, code).made_entry}", 303)


@router.get(
    "/{code}/certificate.pdf",
    summary="The certificate of a public pledge: PDF/A-3b, signed (PAdES), with the proofs of what it says attached",
    responses={200: {"content": {"application/pdf": {}}}},
    response_class=Response,
)
def certificate(code: str, request: Request) -> Response:
    service: Service = request.app.state.service
    found = _pledge(service, code)
    issued = service.certificates.of(found.subject, code, service.today())
    answer = {
        "Content-Disposition": f'inline; filename="{code}.pdf"',
        **headers(service),
        "X-Content-Type-Options": "nosniff",
        "ETag": entity_tag(issued.etag),
    }
    return Response(issued.content, headers=answer, media_type="application/pdf")


def _pledge(service: Service, code: str) -> PledgeDocument:
    found = service.views.declarations.pledge(code, service.today())
    if found is None:
        service.require_current()
        raise NotFound(f"no public pledge has the code {code[:20]}")
    return found
