"""Waiting for what another thread or process does. A machine may be slow: only a test that fails waits to the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

__all__ = ["PATIENCE_SECONDS", "answers", "eventually"]

PATIENCE_SECONDS = 100.0  # below pytest's own limit, which says less about what did not happen
_PAUSE_SECONDS = 0.02

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, as soon as it finds something that is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(_PAUSE_SECONDS)
    return found


def answers(url: str) -> bool:
    """Whether a server answers there, whatever it says."""
    try:
        httpx.get(url, timeout=2)
    except httpx.HTTPError:
        return False
    return True
