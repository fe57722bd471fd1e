"""What the read models need of a stored entry, without the rest: for rebuilds, which read every entry there is.

Taking the whole header apart costs more than all else that is done with most entries: of it the issuer is read, and of
few the key, since an assessment counts by whether it was signed with another one than the publication. What a statement
was checked for when it was admitted is not checked again.
`to_recorded` decodes everything; rows made from either are the same (tested).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Union

import msgspec

from ledger.cose import headers
from ledger.cose.cbor import decode, item_end, read_byte_string
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.events.pledge import FulfilmentAssessed, PledgePublished
from ledger.domain.events.types import ALL
from ledger.errors import Malformed
from ledger.store.contract import EntryRow

__all__ = ["content"]

_SEALED: Final = "sealed"
_WITH_WHICH_KEY: Final = frozenset((PledgePublished, FulfilmentAssessed))
_SCHEMA_VERSION: Final = 1
_SALT: Final = b'"salt":"'  # no text can hold these bytes: inside a JSON string a quotation mark has a backslash before
_DECODE: Final = msgspec.json.Decoder(Union[ALL]).decode  # noqa: UP007  (built from the table)
_AFTER_HEAD: Final = 2  # a statement begins with its tag and the head of an array
_SMALL_MAP: Final = range(0xA0, 0xB8)  # heads of maps with fewer than 24 pairs (RFC 8949 §3)


def content(row: EntryRow) -> Recorded:
    """The entry with `iat` left empty, and `kid` unless a row depends on it. Raises `Malformed`."""
    statement = row.statement
    protected, at = read_byte_string(statement, _AFTER_HEAD)
    sealed = row.topic == _SEALED
    if not sealed:
        event = _event(read_byte_string(statement, at + 1)[0])  # past the unprotected header, an empty map
    elif row.body is not None:
        event = _event(_unsalted(row.body))
    else:
        event = Closed(b"")
    kid = _kid(protected) if type(event) in _WITH_WHICH_KEY else b""
    issuer, statement_id = _issuer(protected), sha256(statement).digest()
    return Recorded(row.index, row.subject, row.version, row.recorded_at, statement_id, issuer, kid, 0, sealed, event)


def _event(payload: bytes) -> Event | Closed:
    try:
        event: Event = _DECODE(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a payload: {error}") from None
    if event.v != _SCHEMA_VERSION:
        raise Malformed(f"schema version {event.v} is not known - at `$.v`")
    return event


def _unsalted(body: bytes) -> bytes:
    start = body.find(_SALT)
    end = body.find(b'",', start + len(_SALT))
    if start < 0 or end < 0:
        raise Malformed("a body has a salt")
    return body[:start] + body[end + 2 :]


def _issuer(protected: bytes) -> str:
    """The `iss` among the claims: both maps are walked over to their item, nothing else is decoded."""
    at = _value(protected, _value(protected, 0, headers.CWT_CLAIMS), headers.ISS)
    issuer = decode(protected[at : item_end(protected, at)])
    if not isinstance(issuer, str):
        raise Malformed("iss is not a party id")
    return issuer


def _kid(protected: bytes) -> bytes:
    """The thumbprint of the key."""
    return read_byte_string(protected, _value(protected, 0, headers.KID))[0]


def _value(data: bytes, at: int, label: int) -> int:
    """Where the value of `label` (0 to 23, one byte) begins in the map that begins at `at`."""
    if data[at] in _SMALL_MAP:
        pairs, at = data[at] & 31, at + 1
        for _ in range(pairs):
            if data[at] == label:
                return at + 1
            at = item_end(data, item_end(data, at))
    raise Malformed(f"the header has no label {label}")
