"""`/v1/campaigns`: what was called for, until when, and who pledged in public."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.http.enterprise_ids import name_of
from api.routes.projection_reads import headers, min_tree_size
from api.service.service import Service
from ledger.errors import NotFound
from ledger.limits import SEARCH_PAGE_MAX

__all__ = ["router"]

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"], dependencies=[Depends(min_tree_size)])


@router.get("", summary="All campaigns, newest first")
def campaigns(request: Request) -> Response:
    service: Service = request.app.state.service
    bodies = b",".join(document.body for _, document in service.views.declarations.campaigns())
    return Response(b'{"campaigns":[' + bodies + b"]}", headers=headers(service), media_type="application/json")


@router.get("/{name}", summary="A campaign: window, scopes, clauses, what may be recorded late")
def campaign(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    document = service.views.declarations.campaign(f"campaign:{name}")
    if document is None:
        service.require_current()
        raise NotFound(f"no campaign {name[:64]}")
    view: dict[str, Any] = msgspec.json.decode(document.body)
    policy = service.governance.registration_policy(service.today())
    if policy is not None:
        days = policy.recording_days_max.get("PledgeMade", policy.recording_days_max_default)
        view["pledge_recording_days_max"] = days
        view["pledge_months_max"] = policy.pledge_months_max
    return Response(msgspec.json.encode(view), headers=headers(service), media_type="application/json")


@router.get("/{name}/pledges", summary="Public pledges of a campaign, by code")
def pledges(
    name: str, request: Request, cursor: str = "", limit: int = Query(20, ge=1, le=SEARCH_PAGE_MAX)
) -> Response:
    service: Service = request.app.state.service
    subject = f"campaign:{name}"
    view = service.views.declarations
    if view.campaign(subject) is None:
        service.require_current()
        raise NotFound(f"no campaign {name[:64]}")
    found = view.campaign_pledges(subject, cursor, limit)
    listed = [
        {
            "code": one.code,
            "enterprise": name_of(one.subject),
            "name": one.name or None,
            "entry": one.published_entry,
            "from": one.from_on,
            "until": one.last_day,
        }
        for one in found
    ]
    answer = {
        "pledges": listed,
        "count": view.campaign_pledges_count(subject),
        "cursor": found[-1].code if len(found) == limit else None,
    }
    return Response(msgspec.json.encode(answer), headers=headers(service), media_type="application/json")
