"""The description of the interface (OpenAPI 3.1): derived from the routes, completed from tables, shown to people."""

from __future__ import annotations

from api.http.openapi.document import QueryNames, describe, query_names
from api.http.openapi.reference_page import reference_page

__all__ = ["QueryNames", "describe", "query_names", "reference_page"]
