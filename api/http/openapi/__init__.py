"""The description of the interface (OpenAPI 3.1): derived from the routes, completed from tables, shown to people."""

from __future__ import annotations

from api.http.openapi.document import describe
from api.http.openapi.reference_page import reference_page

__all__ = ["describe", "reference_page"]
