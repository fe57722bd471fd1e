"""Named SQL from the `.sql` files beside this module, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["MAP_QUERIES", "MAP_SCHEMA", "NEXT", "QUERIES", "SCHEMA"]

_HEADER: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def _load(name: str) -> Mapping[str, str]:
    parts = _HEADER.split(files("projections.db").joinpath(name).read_text("utf-8"))
    found: dict[str, str] = {}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        # Comments go: the driver would look for placeholders in them.
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        found[title] = "\n".join(lines)
    return MappingProxyType(found)


NEXT: Final = "_next"  # names the set of tables that a rebuild fills
QUERIES: Final = _load("queries.sql")
SCHEMA: Final = _load("schema.sql")
MAP_QUERIES: Final = _load("map_queries.sql")
MAP_SCHEMA: Final = _load("map_schema.sql")
