"""`/v1/policies` and `/v1/keys`: by which rules standings are reckoned, and whose a key is."""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.routes.projection_reads import headers
from api.service.service import Service
from ledger.domain.events.policy import StandingPolicyApproved, StandingPolicyProposed
from ledger.domain.rules.policy_conditions import policy_schema
from ledger.errors import NotFound
from ledger.limits import LEAF_INDEX_ASKED_MAX
from ledger.reading.feed import to_recorded

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["policies"])
_SCHEMA: Final = policy_schema()


@router.get("/policies", summary="The standing policies that were approved, oldest first")
def policies(request: Request) -> Response:
    service: Service = request.app.state.service
    listed = [
        {
            "entry": one.entry,
            "in_force_from": one.from_on,
            "title_zh": one.policy.title_zh,
            "title_en": one.policy.title_en,
        }
        for one in service.progress.rules().policies
    ]
    return _json(service, {"policies": listed})


@router.get("/policies/schema", summary="The JSON Schema of a standing policy's document")
def schema(request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(_SCHEMA, headers=headers(service), media_type="application/schema+json")


@router.get("/policies/{entry}", summary="A policy by the entry that proposed or approved it")
def policy(request: Request, entry: int = Path(ge=0, le=LEAF_INDEX_ASKED_MAX)) -> Response:
    service: Service = request.app.state.service
    rows = service.store.entries(entry, 1)
    event = to_recorded(rows[0]).event if rows else None
    if isinstance(event, StandingPolicyApproved):
        approved = [one for one in service.progress.rules().policies if one.entry == entry]
        if approved:
            return _json(service, {"entry": entry, "in_force_from": approved[0].from_on, "policy": approved[0].policy})
    if isinstance(event, StandingPolicyProposed):
        return _json(service, {"entry": entry, "in_force_from": None, "policy": event.policy})
    raise NotFound(f"entry {entry} is no standing policy")


@router.get("/keys/{kid}", summary="Whose a key is, by its thumbprint (RFC 9679)")
def key(kid: str, request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        found = service.governance.keys.get(bytes.fromhex(kid))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"no key {kid[:64]} was ever enrolled")
    about = {
        "kid": found.kid.hex(),
        "party": found.party,
        "officer": found.officer,
        "enrolled_at": found.enrolled_at,
        "ended_at": found.ended_at,
        "valid_from": found.valid_from,
        "valid_until": found.valid_until,
        "roles": sorted(service.governance.roles(found.party)),
        "keys_of_party": [one.hex() for one in service.governance.parties[found.party].keys],
    }
    return _json(service, about)


def _json(service: Service, value: object) -> Response:
    return Response(msgspec.json.encode(value), headers=headers(service), media_type="application/json")
