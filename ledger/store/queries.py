"""Named statements out of `.sql` files: the loader, and those of this room, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["QUERIES", "named_statements"]

_HEADER: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def named_statements(package: str, file: str) -> Mapping[str, str]:
    """What stands below each `-- name: …` of a package's file. Raises `ValueError` for a name that comes twice."""
    parts = _HEADER.split(files(package).joinpath(file).read_text("utf-8"))
    queries: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        # Comments go: the driver would look for placeholders in them.
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        if name in queries:
            raise ValueError(f"{file} names {name} twice")
        queries[name] = "\n".join(lines)
    return MappingProxyType(queries)


QUERIES: Final = named_statements("ledger.store", "queries.sql")
