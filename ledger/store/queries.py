"""The named statements of `queries.sql`, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["QUERIES"]

_HEADER: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def _load() -> Mapping[str, str]:
    text = files("ledger.store").joinpath("queries.sql").read_text("utf-8")
    parts = _HEADER.split(text)
    queries: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        # Comments go: the driver would look for placeholders in them.
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        if name in queries:
            raise ValueError(f"queries.sql names {name} twice")
        queries[name] = "\n".join(lines)
    return MappingProxyType(queries)


QUERIES: Final[Mapping[str, str]] = _load()
