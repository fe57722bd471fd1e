"""`GET /v1/streams?subject=`: which entries of the log a stream is made of; each is read under `/entries/{i}`."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.service.service import Service
from ledger.domain.values.subject import parse
from ledger.limits import LEAF_INDEX_ASKED_MAX, STREAM_PAGE_MAX

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["feed"])


@router.get("/streams", summary="The leaf indices of a stream's entries: of an enterprise, a party, a campaign, policy")
def get_stream(
    request: Request,
    subject: str = Query(max_length=200),
    after: int = Query(-1, ge=-1, le=LEAF_INDEX_ASKED_MAX, description="Leaf index of the last one that is known"),
) -> Response:
    service: Service = request.app.state.service
    indices = service.store.stream_indices(parse(subject), after_index=after, limit=STREAM_PAGE_MAX + 1)
    page = indices[:STREAM_PAGE_MAX]
    following = page[-1] if len(indices) > len(page) else None
    answer = {"subject": subject, "entries": page, "after": following}
    return Response(msgspec.json.encode(answer), headers={"Cache-Control": "no-cache"}, media_type="application/json")
