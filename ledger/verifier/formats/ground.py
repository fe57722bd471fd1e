"""The text of a ground, which an open statement names by its digest: the one body that such a statement comes with."""

from __future__ import annotations

from hashlib import sha256

from ledger.domain.events.base import Closed, Event
from ledger.domain.events.pledge import GroundText
from ledger.domain.payload import decode_body

__all__ = ["ground_of", "is_ground"]


def ground_of(event: Event | Closed) -> str | None:
    """The digest of the text that an open statement names and an archive holds beside it; None for every other."""
    if isinstance(event, Closed) or event.text_type is not GroundText:
        return None  # a mark's seed is named like a text, but it is a secret
    return event.named_text


def is_ground(event: Event | Closed, body: bytes) -> bool:
    """Whether `body` is the text that the statement names. Raises `Malformed` for a text in no form that texts have."""
    return ground_of(event) == sha256(body).hexdigest() and isinstance(decode_body(body)[1], GroundText)
