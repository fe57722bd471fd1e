"""Rendered bytes that hold from one day to another: what time alone will change is written ahead."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import NamedTuple

__all__ = ["DatedDocument", "etag"]


class DatedDocument(NamedTuple):
    """`body` holds from `from_on` to the day before `until_on` (None: until an event is recorded)."""

    from_on: date
    until_on: date | None
    body: bytes
    etag: str


def etag(body: bytes) -> str:
    """A strong entity tag (RFC 9110 §8.8.3), quotes included: the first 128 bits of the body's SHA-256."""
    return f'"{sha256(body).hexdigest()[:32]}"'
