"""`/v1/enterprises/{id}/standing/history`: the days on which a level changed, and why, in one request."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.http.enterprise_ids import subject_of
from api.routes.projection_reads import headers, min_tree_size
from api.service.service import Service
from ledger.errors import NotFound
from ledger.limits import HISTORY_CHANGES_MAX
from projections.standing.standing_view import Cursor

__all__ = ["router"]

router = APIRouter(prefix="/v1/enterprises", tags=["enterprises"], dependencies=[Depends(min_tree_size)])


@router.get("/{name}/standing/history", summary="Every change of its level up to today, and why")
def standing_history(
    name: str,
    request: Request,
    after: str = Query("", max_length=256, description="The place that an earlier answer gave as `after`"),
    limit: int = Query(HISTORY_CHANGES_MAX, ge=1, le=HISTORY_CHANGES_MAX),
) -> Response:
    service: Service = request.app.state.service
    subject = subject_of(name)
    place = Cursor.parse(after) if after else None
    today: date = service.today()
    body, in_book = service.views.standings.history(subject, today, place, limit)
    if not in_book:
        service.require_current()
        raise NotFound(f"the book has nothing about {subject}")
    return Response(body, headers=headers(service), media_type="application/json")
