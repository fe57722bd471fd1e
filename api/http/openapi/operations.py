"""What the framework does not know of each operation: its answers, what it takes, who may ask, an example.

A line for each way to ask for each path, in the file of its subject beside this one; here are those of the service
itself. `document.py` refuses to describe an interface that has a route without one.
"""

from __future__ import annotations

from typing import Final

from api.http.openapi.campaign_operations import CAMPAIGN_OPERATIONS
from api.http.openapi.enterprise_operations import ENTERPRISE_OPERATIONS
from api.http.openapi.feed_operations import FEED_OPERATIONS
from api.http.openapi.log_operations import LOG_OPERATIONS
from api.http.openapi.operation_terms import JSON, PLAIN, Operation, Operations, json_of
from api.http.openapi.party_operations import PARTY_OPERATIONS
from api.http.openapi.schema_terms import TEXT

__all__ = ["OPERATIONS"]

_SERVICE_OPERATIONS: Final[Operations] = {
    ("get", "/healthz"): Operation("service", "Whether the process lives", {200: ("It does", {PLAIN: TEXT})}),
    ("get", "/readyz"): Operation(
        "service",
        "Whether a commit made now would succeed, and readers see what is committed",
        {200: ("It is ready", json_of("Ready")), 503: ("It is not, and why", json_of("Ready"))},
    ),
    ("get", "/metrics"): Operation(
        "service", "Meters in Prometheus' text format", {200: ("The meters", {PLAIN: TEXT})}
    ),
    ("get", "/docs"): Operation("service", "This interface, for people", {200: ("A page", {"text/html": TEXT})}),
    ("get", "/docs.css"): Operation("service", "The style of that page", {200: ("A sheet", {"text/css": TEXT})}),
    ("get", "/openapi.json"): Operation(
        "service", "This interface, for programs (OpenAPI 3.1)", {200: ("The document", {JSON: {"type": "object"}})}
    ),
}  # fmt: skip

OPERATIONS: Final[Operations] = {
    **LOG_OPERATIONS,
    **ENTERPRISE_OPERATIONS,
    **CAMPAIGN_OPERATIONS,
    **FEED_OPERATIONS,
    **PARTY_OPERATIONS,
    **_SERVICE_OPERATIONS,
}
