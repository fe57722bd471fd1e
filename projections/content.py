"""What the read models need of a stored entry, without the rest: for rebuilds, which read every entry there is.

Taking the header apart costs more than all else that is done with most entries, and no row depends on who signed
them: only a pledge shows its maker. `to_recorded` decodes everything; rows made from either are the same (tested).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from ledger.cose import headers
from ledger.cose.cbor import decode
from ledger.cose.sign1 import split
from ledger.domain.event import Closed, Event, Recorded
from ledger.domain.payload import decode_body, decode_payload
from ledger.domain.pledge import PledgeMade
from ledger.errors import Malformed
from ledger.store.port import EntryRow

__all__ = ["content"]

_SEALED: Final = "sealed"


def content(row: EntryRow) -> Recorded:
    """The entry with `kid` and `iat` left empty, and `issuer` unless it makes a pledge. Raises `Malformed`."""
    sealed = row.topic == _SEALED
    event: Event | Closed
    if sealed and row.body is None:
        event = Closed(b"")
    elif sealed and row.body is not None:
        _, held = decode_body(row.body)
        if not isinstance(held, Event):
            raise Malformed(f"the body holds no event, but a {type(held).__name__}")
        event = held
    else:
        _, _, payload, _ = split(row.statement)
        if payload is None:
            raise Malformed("a statement's payload is embedded, not detached")
        event = decode_payload(payload)
    issuer = _issuer(row.statement) if isinstance(event, PledgeMade) else ""
    statement_id = sha256(row.statement).digest()
    return Recorded(row.index, row.subject, row.version, row.recorded_at, statement_id, issuer, b"", 0, sealed, event)


def _issuer(statement: bytes) -> str:
    protected = decode(split(statement)[0])
    claims = protected.get(headers.CWT_CLAIMS) if isinstance(protected, dict) else None
    issuer = claims.get(headers.ISS) if isinstance(claims, dict) else None
    if not isinstance(issuer, str):
        raise Malformed("iss is not a party id")
    return issuer
