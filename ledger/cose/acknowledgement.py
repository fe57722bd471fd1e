"""The acknowledgement of a statement that waits: when the service had it, for whoever must keep a deadline.

    protected    alg, kid, CWT claims iss (the log's origin) sub (whom the statement is about) iat (when it came), typ
    payload      the SHA-256 of the statement, 32 bytes

Signed by the log's receipt key, under a `typ` of its own: it is a word of the operator, no receipt. It says nothing of
what became of the statement, and does not expire.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.sign1 import Sign1, SigningKey, VerifyingKey, claims, parse_sign1, sign1, verify_sign1
from ledger.domain.values.subject import parse
from ledger.errors import Malformed, Refuted
from ledger.limits import ACKNOWLEDGEMENT_BYTES_MAX

__all__ = ["Acknowledgement", "acknowledgement_kid", "sign_acknowledgement", "verify_acknowledgement"]

_LABELS: Final = frozenset({headers.ALG, headers.KID, headers.CWT_CLAIMS, headers.TYP})
_CLAIMS: Final = {headers.ISS: str, headers.SUB: str, headers.IAT: int}
_DIGEST_BYTES: Final = 32
_YEAR_9999: Final = 253_370_764_800  # Unix seconds: a time that has a date


class Acknowledgement(Struct, frozen=True):
    """The log `origin` had the statement `statement_id` (SHA-256) about `subject` at `received_at` (Unix seconds)."""

    origin: str
    subject: str
    received_at: int
    statement_id: bytes


def sign_acknowledgement(acknowledged: Acknowledgement, signer: SigningKey) -> bytes:
    """The signed acknowledgement."""
    named = {
        headers.ISS: acknowledged.origin,
        headers.SUB: acknowledged.subject,
        headers.IAT: acknowledged.received_at,
    }
    protected: dict[int, object] = {headers.CWT_CLAIMS: named, headers.TYP: headers.ACKNOWLEDGEMENT}
    return sign1(protected, acknowledged.statement_id, signer)


def acknowledgement_kid(token: bytes) -> bytes:
    """By which key it says that it is signed. Raises `Malformed`; verifies nothing."""
    return _parsed(token).kid


def verify_acknowledgement(token: bytes, public_key: VerifyingKey, origin: str) -> Acknowledgement:
    """What the log `origin` acknowledged. Raises `Refuted` (another key or log), `Malformed`."""
    message = _parsed(token)
    if message.unprotected:
        raise Malformed("an acknowledgement has no unprotected header")
    named = claims(message, _CLAIMS)
    issuer, subject, received_at = (named[label] for label in (headers.ISS, headers.SUB, headers.IAT))
    assert isinstance(issuer, str)
    assert isinstance(subject, str)
    assert isinstance(received_at, int)  # claims saw to the types
    if not 0 <= received_at < _YEAR_9999:
        raise Malformed("the time of an acknowledgement is none")
    statement_id = verify_sign1(message, public_key)
    if issuer != origin:
        raise Refuted(f"the acknowledgement is of the log {issuer!r:.80}, not of {origin!r:.80}")
    if len(statement_id) != _DIGEST_BYTES:
        raise Malformed("an acknowledgement is of a SHA-256, 32 bytes")
    return Acknowledgement(issuer, parse(subject), received_at, statement_id)


def _parsed(token: bytes) -> Sign1:
    if len(token) > ACKNOWLEDGEMENT_BYTES_MAX:
        raise Malformed(f"an acknowledgement has at most {ACKNOWLEDGEMENT_BYTES_MAX} bytes")
    return parse_sign1(token, typ=headers.ACKNOWLEDGEMENT, labels=_LABELS)
