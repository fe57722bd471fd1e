"""`/v1/map`: the completeness map's newest published root, and the newest cut for whoever publishes the next."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.service.service import Service

__all__ = ["router"]

router = APIRouter(prefix="/v1/map", tags=["map"])


@router.get("", summary="The completeness map: newest published root, newest cut")
def get_map(request: Request) -> Response:
    service: Service = request.app.state.service
    cut, roots = service.views.map.cut(), service.governance.map_roots
    about: dict[str, Any] = {"origin": service.origin, "published": None, "cut": None}
    if roots:
        root = roots[-1]
        about["published"] = {
            "entry": root.index,
            "tree_size": root.tree_size,
            "root": root.root.hex(),
            "subjects": root.subjects,
        }
    if cut is not None:
        about["cut"] = {"tree_size": cut.size, "root": cut.root.hex(), "subjects": cut.subjects}
    return Response(
        msgspec.json.encode(about), headers={"Cache-Control": "public, max-age=5"}, media_type="application/json"
    )
