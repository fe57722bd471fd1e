"""Schemas of what answers hold (JSON Schema 2020-12, as OpenAPI 3.1 takes it): `components/schemas` of the document.

An object may have more members than are named: new ones come without a new version of the interface.
"""

from __future__ import annotations

from typing import Final

from api.http.openapi.enterprise_schemas import ENTERPRISE_SCHEMAS
from api.http.openapi.entry_schemas import ENTRY_SCHEMAS
from api.http.openapi.log_schemas import LOG_SCHEMAS
from api.http.openapi.schema_terms import NUMBER, SHA256, TEXT, Schema, thing

__all__ = ["SCHEMAS"]

SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": thing(
        "Problem details (RFC 9457). `type` is stable; `rule` names the rule that refused a statement.",
        optional=("detail", "rule", "entry", "payload_sha256"),
        type={"type": "string", "format": "uri"},
        title=TEXT,
        title_zh=TEXT,
        title_en=TEXT,
        status=NUMBER,
        detail=TEXT,
        rule=TEXT,
        entry=NUMBER,
        payload_sha256=SHA256,
    ),
    **ENTERPRISE_SCHEMAS,
    **ENTRY_SCHEMAS,
    **LOG_SCHEMAS,
}
