"""Named SQL from the `.sql` files beside this module, read once."""

from __future__ import annotations

from typing import Final

from ledger.store.queries import named_statements

__all__ = ["MAP_QUERIES", "MAP_SCHEMA", "NEXT", "QUERIES", "SCHEMA"]

NEXT: Final = "_next"  # names the set of tables that a rebuild fills
QUERIES: Final = named_statements("projections.db", "queries.sql")
SCHEMA: Final = named_statements("projections.db", "schema.sql")
MAP_QUERIES: Final = named_statements("projections.db", "map_queries.sql")
MAP_SCHEMA: Final = named_statements("projections.db", "map_schema.sql")
