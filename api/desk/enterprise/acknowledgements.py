"""`/desk/enterprise/acknowledgements/{id}`: when a pledge of one's own came to the desk, signed by the log."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.enterprise.own import own_pending
from api.desk.frame import add_desk_page
from api.desk.roles import Officer
from api.pages.csp import PAGE_HEADERS
from api.pages.rendering import Language
from api.service.service import Service
from ledger.cose.acknowledgement import Acknowledgement, sign_acknowledgement

__all__ = ["router"]

PATH: Final = "/desk/enterprise/acknowledgements/{name}"

router = APIRouter()


def get_acknowledgement(request: Request, _: Language, officer: Officer) -> Response:
    """The file, whether the pledge still waits or was refused."""
    service: Service = request.app.state.service
    row = own_pending(service, request, officer, request.path_params["name"])
    said = Acknowledgement(service.origin, row.subject, row.received_at, row.statement_id)
    name = f"{row.statement_id.hex()[:16]}.acknowledgement.cose"
    headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        sign_acknowledgement(said, service.keys_in_force.receipt), headers=headers, media_type="application/cose"
    )


add_desk_page(router, PATH, get_acknowledgement)
