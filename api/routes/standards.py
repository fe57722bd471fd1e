"""`/v1/standards` and `/v1/enterprises/{name}/standards`: who declared a standard, and any version of a declaration."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.http.enterprise_ids import name_of, subject_of
from api.routes.projection_reads import conditional, headers, min_tree_size
from api.service.service import Service
from ledger.domain.values.standard_number import fold_number, number_key
from ledger.errors import NotFound
from ledger.limits import LEAF_INDEX_ASKED_MAX, SEARCH_PAGE_MAX

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["standards"], dependencies=[Depends(min_tree_size)])


@router.get("/standards", summary="Public declarations of a standard, by its number as people type it")
def standards(
    request: Request,
    number: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[int, Query(ge=-1, le=LEAF_INDEX_ASKED_MAX, description="Of the page before")] = -1,
    limit: Annotated[int, Query(ge=1, le=SEARCH_PAGE_MAX)] = 20,
) -> Response:
    service: Service = request.app.state.service
    found = service.views.declarations.standards(number_key(fold_number(number)), cursor, limit)
    listed = [
        {
            "enterprise": name_of(one.subject),
            "name": one.name or None,
            "number": one.number,
            "title": one.title,
            "state": one.state,
            "from": one.from_on,
            "entry": one.entry,
            "declaration": one.declaration,
            "href": f"/v1/enterprises/{name_of(one.subject)}/standards/{one.entry}",
        }
        for one in found
    ]
    answer = {"standards": listed, "cursor": found[-1].entry if len(found) == limit else None}
    return Response(msgspec.json.encode(answer), headers=headers(service), media_type="application/json")


@router.get("/enterprises/{name}/standards/{entry}", summary="Any version of a declared standard, old ones too")
def standard(
    request: Request, name: str, entry: Annotated[int, Path(ge=0, le=LEAF_INDEX_ASKED_MAX, description="Leaf index")]
) -> Response:
    service: Service = request.app.state.service
    document = service.views.declarations.standard(subject_of(name), entry)
    if document is None:
        raise NotFound(f"entry {entry} declares no standard of {name[:64]}")
    return conditional(request, service, document)
