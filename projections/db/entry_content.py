"""What the read models need of a stored entry, without the rest: for rebuilds, which read every entry there is.

Taking the whole header apart costs more than all else that is done with most entries: of it the issuer is read, and of
few the key, since an assessment counts by whether it was signed with another one than the publication. All that a key
signs begins with the same bytes, up to its issuer: they are walked over once. What a statement was checked for when it
was admitted is not checked again.
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
_TELLING_BYTES: Final = 80  # of a header: algorithm, content type and most of the thumbprint
_SIGNERS_MAX: Final = 4_096
# By those bytes: the header as far as the issuer's end, the key, the issuer.
_SIGNERS: Final[dict[bytes, tuple[bytes, bytes, str]]] = {}


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
    kid, issuer = _signer(protected)
    if type(event) not in _WITH_WHICH_KEY:
        kid = b""
    statement_id = sha256(statement).digest()
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


def _signer(protected: bytes) -> tuple[bytes, str]:
    """The thumbprint of the key, and the `iss` among the claims: nothing else of the header is decoded."""
    known = _SIGNERS.get(protected[:_TELLING_BYTES])
    if known is not None and protected.startswith(known[0]):
        return known[1:]
    kid, after_kid = read_byte_string(protected, _value(protected, 0, headers.KID))
    at = _value(protected, _value(protected, 0, headers.CWT_CLAIMS), headers.ISS)
    end = item_end(protected, at)
    issuer = decode(protected[at:end])
    if not isinstance(issuer, str):
        raise Malformed("iss is not a party id")
    if after_kid < end:  # as in every canonical header: of whatever begins so, this was read
        if len(_SIGNERS) >= _SIGNERS_MAX:
            _SIGNERS.clear()
        _SIGNERS[protected[:_TELLING_BYTES]] = protected[:end], kid, issuer
    return kid, issuer


def _value(data: bytes, at: int, label: int) -> int:
    """Where the value of `label` (0 to 23, one byte) begins in the map that begins at `at`."""
    if data[at] in _SMALL_MAP:
        pairs, at = data[at] & 31, at + 1
        for _ in range(pairs):
            if data[at] == label:
                return at + 1
            at = item_end(data, item_end(data, at))
    raise Malformed(f"the header has no label {label}")
