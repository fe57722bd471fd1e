"""Operations about pledges, campaigns, policies and keys."""

from __future__ import annotations

from typing import Final

from api.http.openapi.operation_terms import (
    BYTES,
    JSON,
    NDJSON,
    PDF,
    UNCHANGED,
    Body,
    Operation,
    Operations,
    json_of,
)
from api.http.openapi.schema_terms import TEXT

__all__ = ["CAMPAIGN_OPERATIONS"]

CAMPAIGN_OPERATIONS: Final[Operations] = {
    ("get", "/v1/pledges/{code}"): Operation(
        "pledges",
        "A public pledge by its code",
        {200: ("The pledge", json_of("Pledge")), 304: UNCHANGED},
        fails=(404,),
        example={"code": "0000"},
    ),
    ("get", "/v1/pledges/{code}/receipt"): Operation(
        "pledges",
        "The receipt of the pledge's own entry",
        {303: ("See `Location`", {})},
        fails=(404,),
        example={"code": "0000"},
    ),
    ("get", "/v1/pledges/{code}/certificate.pdf"): Operation(
        "pledges",
        "The certificate of a public pledge: PDF/A-3b, signed (PAdES), with the proofs of what it says attached",
        {200: ("The certificate", {PDF: BYTES}), 304: UNCHANGED},
        fails=(400, 404, 410, 421),
        example={"code": "0000"},
    ),
    ("get", "/v1/campaigns"): Operation(
        "campaigns", "All campaigns, newest first", {200: ("The campaigns", json_of("Campaigns"))}
    ),
    ("get", "/v1/campaigns/{name}"): Operation(
        "campaigns",
        "A campaign: window, scopes, clauses, what may be recorded late",
        {200: ("The campaign", json_of("Campaign"))},
        fails=(404,),
        example={"name": "2026"},
    ),
    ("get", "/v1/campaigns/{name}/pledges"): Operation(
        "campaigns",
        "Public pledges of a campaign, by code",
        {200: ("A page", json_of("CampaignPledges"))},
        fails=(404,),
        example={"name": "2026", "limit": "2"},
    ),
    ("get", "/v1/policies"): Operation(
        "policies", "The standing policies that were approved, oldest first", {200: ("Policies", json_of("Policies"))}
    ),
    ("get", "/v1/policies/schema"): Operation(
        "policies",
        "The JSON Schema of a standing policy's document",
        {200: ("The schema", {"application/schema+json": {"type": "object"}})},
    ),
    ("get", "/v1/policies/{entry}"): Operation(
        "policies",
        "A policy by the entry that proposed or approved it",
        {200: ("The policy", json_of("Policy"))},
        fails=(404,),
        example={"entry": "0"},
    ),
    ("post", "/v1/policies/comparison"): Operation(
        "policies",
        "Who would change level under the policy that is sent: totals, then a line each",
        {200: ("A line of totals, then a line each", {NDJSON: TEXT})},
        fails=(400, 401, 403, 413),
        body=Body({JSON: {"type": "object"}}, "The document of a standing policy"),
        signed=True,
    ),
    ("get", "/v1/keys/{kid}"): Operation(
        "policies",
        "Whose a key is, by its thumbprint (RFC 9679)",
        {200: ("The key's party, officer and dates", json_of("Key"))},
        fails=(404,),
        example={"kid": "00" * 32},
    ),
}  # fmt: skip
