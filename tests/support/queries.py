"""Counting what a process of the service sends to its database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

__all__ = ["count_queries"]


def count_queries(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """From now on; what comes back says how many statements were sent since it was last asked."""
    sent: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(self: psycopg.Cursor[Any], query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(query)
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)

    def look() -> int:
        count = len(sent)
        sent.clear()
        return count

    return look
