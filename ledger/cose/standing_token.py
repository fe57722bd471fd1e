"""The signed standing: what the log operator says of one enterprise now, for a buyer to check on a phone.

    protected    alg, content type, kid, CWT claims iss (the log's origin) sub (the enterprise) iat exp, typ
    payload      the standing's canonical JSON, as `/v1/enterprises/{id}/standing` serves it

Signed by the log's standing key, which signs nothing else. It is a word of the operator that expires, not an
entry: what it rests on is in the book, and the standing can be computed again from there.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.sign1 import SigningKey, VerifyingKey, claims, parse_sign1, sign1, verify_sign1
from ledger.domain.values.subject import is_enterprise, parse
from ledger.errors import Malformed, Refuted
from ledger.limits import IAT_AHEAD_SECONDS_MAX, SIGNED_STANDING_BYTES_MAX, SIGNED_STANDING_VALID_SECONDS

__all__ = ["VerifiedStanding", "sign_standing", "standing_issued_at", "standing_kid", "verify_standing"]

_LABELS: Final = frozenset({headers.ALG, headers.CONTENT_TYPE, headers.KID, headers.CWT_CLAIMS, headers.TYP})
_CLAIMS: Final = {headers.ISS: str, headers.SUB: str, headers.EXP: int, headers.IAT: int}


class VerifiedStanding(Struct, frozen=True):
    """A standing that the log signed and that has not expired. Times in Unix seconds; `payload` is JSON."""

    origin: str
    subject: str
    issued_at: int
    expires_at: int
    payload: bytes


def sign_standing(payload: bytes, *, subject: str, origin: str, issued_at: int, signer: SigningKey) -> bytes:
    """Sign a rendered standing; it holds for `SIGNED_STANDING_VALID_SECONDS` from `issued_at`."""
    named = {
        headers.ISS: origin,
        headers.SUB: subject,
        headers.EXP: issued_at + SIGNED_STANDING_VALID_SECONDS,
        headers.IAT: issued_at,
    }
    protected: dict[int, object] = {
        headers.CONTENT_TYPE: headers.STANDING_JSON,
        headers.CWT_CLAIMS: named,
        headers.TYP: headers.STANDING,
    }
    return sign1(protected, payload, signer)


def standing_kid(token: bytes) -> bytes:
    """The thumbprint of the key that the token names. Raises `Malformed`; verifies nothing."""
    return parse_sign1(token, typ=headers.STANDING, labels=_LABELS).kid


def standing_issued_at(token: bytes) -> int:
    """When the token says that it was issued, in Unix seconds. Raises `Malformed`; verifies nothing."""
    issued_at = claims(parse_sign1(token, typ=headers.STANDING, labels=_LABELS), _CLAIMS)[headers.IAT]
    assert isinstance(issued_at, int)  # claims saw to the types
    return issued_at


def verify_standing(token: bytes, public_key: VerifyingKey, origin: str, now: int) -> VerifiedStanding:
    """Check signature, log and validity at `now` (Unix seconds). Raises `Refuted`, `Malformed`."""
    if len(token) > SIGNED_STANDING_BYTES_MAX:
        raise Malformed(f"a signed standing has at most {SIGNED_STANDING_BYTES_MAX} bytes")
    message = parse_sign1(token, typ=headers.STANDING, labels=_LABELS)
    if message.unprotected:
        raise Malformed("a signed standing has no unprotected header")
    if message.protected[headers.CONTENT_TYPE] != headers.STANDING_JSON:
        raise Malformed(f"content type is not {headers.STANDING_JSON!r}")
    named = claims(message, _CLAIMS)
    issuer, subject = named[headers.ISS], named[headers.SUB]
    issued_at, expires_at = named[headers.IAT], named[headers.EXP]
    assert isinstance(issuer, str)
    assert isinstance(subject, str)
    assert isinstance(issued_at, int)
    assert isinstance(expires_at, int)  # claims saw to the types
    payload = verify_sign1(message, public_key)
    if issuer != origin:
        raise Refuted(f"the standing is of the log {issuer!r:.80}, not of {origin!r:.80}")
    if not is_enterprise(parse(subject)):
        raise Malformed("a standing is about an enterprise")
    if not 0 < expires_at - issued_at <= SIGNED_STANDING_VALID_SECONDS:
        raise Refuted("the signed standing holds longer than a signed standing may")
    if now >= expires_at:
        raise Refuted(f"the signed standing expired {now - expires_at} s ago; ask for a new one")
    if issued_at > now + IAT_AHEAD_SECONDS_MAX:
        raise Refuted("the signed standing was issued in the future")
    return VerifiedStanding(issuer, subject, issued_at, expires_at, payload)
