"""Operations of those who follow the log: the feed, streams, webhooks."""

from __future__ import annotations

from typing import Final

from api.http.openapi.operation_terms import JSON, NDJSON, Body, Operation, Operations, json_of
from api.http.openapi.schema_terms import TEXT, ref

__all__ = ["FEED_OPERATIONS"]

FEED_OPERATIONS: Final[Operations] = {
    ("get", "/v1/events"): Operation(
        "feed",
        "The feed: NDJSON, or server-sent events; resumes from any index",
        {200: ("An event a line", {NDJSON: TEXT, "text/event-stream": TEXT})},
        example={"after": "-1", "limit": "2"},
    ),
    ("get", "/v1/streams"): Operation(
        "feed",
        "The leaf indices of a stream's entries: of an enterprise, a party, a campaign, policy",
        {200: ("A page", json_of("Stream"))},
        fails=(400,),
        example={"subject": "policy"},
    ),
    ("post", "/v1/ctis/query"): Operation(
        "feed",
        "Which entries statements of an issuer are, by their cti: up to 1,000",
        {200: ("The entry of each, or null", json_of("CtisResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("CtisQuery")}, "Issuer and names", {"issuer": "party:root", "ctis": ["00112233445566"]}),
    ),
    ("post", "/v1/webhooks"): Operation(
        "feed",
        "Be told of entries by webhook (Standard Webhooks), by subject, campaign or type, from any entry on. Nothing "
        "is told before the address answers a `ledger.challenge` with `{\"challenge\": …}`. Token and secret are told "
        "once",
        {201: ("The subscription, its token and the secret that signs", json_of("WebhookMade"))},
        fails=(400, 413),
        body=Body(
            {JSON: ref("WebhookRequest")},
            "Where to, and what",
            {"url": "https://receiver.example.org/ledger", "types": ["PledgePublished"], "after": -1},
        ),
    ),
    ("get", "/v1/webhooks/{name}"): Operation(
        "feed",
        "How a webhook stands: what it was told, what is wrong",
        {200: ("Its state", json_of("Webhook"))},
        fails=(404,),
        bearer=True,
        example={"name": "00" * 16},
    ),
    ("post", "/v1/webhooks/{name}/replay"): Operation(
        "feed",
        "Deliver again from an entry on (`after`), or go on where it was stopped; an entry keeps its `webhook-id`",
        {200: ("Its state", json_of("Webhook"))},
        fails=(400, 404, 413),
        body=Body({JSON: ref("ReplayRequest")}, "From where", {"after": 0}),
        bearer=True,
        example={"name": "00" * 16},
    ),
    ("post", "/v1/webhooks/{name}/end"): Operation(
        "feed",
        "End a webhook; where it went is erased",
        {204: ("It is ended", {})},
        fails=(404,),
        bearer=True,
        example={"name": "00" * 16},
    ),
}  # fmt: skip
