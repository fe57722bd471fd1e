"""The public files that an entry names, or takes down."""

from __future__ import annotations

from typing import Final

from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Annex, Closed
from ledger.domain.rules.catalogue import SPECS
from ledger.errors import Malformed

__all__ = ["annexes_of", "taken_down_by"]

_TAKEN_DOWN: Final = b'"AnnexTakenDown"'  # likewise
_HINT: Final = b'"media_type"'  # every annex says its own; most entries name none, and need not be taken apart


def annexes_of(entry: bytes) -> tuple[Annex, ...]:
    """The annexes of an open statement; none of an event that this version does not know, or of a sealed one."""
    if _HINT not in entry:
        return ()
    try:
        event = decode_event(parse_statement(entry))
    except Malformed:
        return ()
    if isinstance(event, Closed):
        return ()
    named = SPECS[type(event).__name__].annexes
    return () if named is None else named(event)


def taken_down_by(entry: bytes) -> bytes | None:
    """The digest of the annex that an entry takes down, if it does."""
    if _TAKEN_DOWN not in entry:
        return None
    try:
        event = decode_event(parse_statement(entry))
    except Malformed:
        return None
    return bytes.fromhex(event.annex) if isinstance(event, AnnexTakenDown) else None
