"""The signed statement: an event, its subject, its issuer and the log it is meant for, in one COSE_Sign1.

    protected    alg, content type, kid (RFC 9679), CWT claims iss sub aud iat cti, typ
    unprotected  empty
    payload      the event's canonical JSON; or, sealed: {"commitment":"<SHA-256 of the body>","type":"sealed"}

The statement's bytes are the log entry. They are sliced, never encoded again, and there is only one encoding
of the same content. `parse_statement` checks form, `verify_statement` the signature, `decode_event` content;
whether the issuer may say it is for `ledger.registration`.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import astuple

from ledger.cose import headers
from ledger.cose.cbor import decode
from ledger.cose.sign1 import SigningKey, VerifyingKey, sign1, split, to_be_signed
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.payload import decode_body, decode_payload, encode_body, encode_payload
from ledger.domain.values.subject import kind, parse
from ledger.errors import Malformed, Refuted
from ledger.limits import BODY_BYTES_MAX, BODY_SALT_BYTES_MIN, CTI_BYTES_MAX, CTI_BYTES_MIN, STATEMENT_BYTES_MAX

__all__ = [
    "SEALED_TOPIC",
    "Claims",
    "Statement",
    "VerifiedStatement",
    "decode_event",
    "decode_trusted",
    "make_sealed",
    "make_statement",
    "parse_statement",
    "seal",
    "verify_statement",
]

SEALED_TOPIC: Final = "sealed"  # all that anybody may know of a sealed statement's type

_LABELS: Final = {headers.ALG, headers.CONTENT_TYPE, headers.KID, headers.CWT_CLAIMS, headers.TYP}
_CLAIMS: Final = {headers.ISS, headers.SUB, headers.AUD, headers.IAT, headers.CTI}
_SEALED: Final = re.compile(rb'\{"commitment":"([0-9a-f]{64})","type":"sealed"\}')
_ORIGIN_MAX: Final = 200
_IAT_MAX: Final = 253_402_300_799  # the end of the year 9999

_subject = lru_cache(maxsize=65_536)(parse)


class Claims(NamedTuple):
    """Who says it about what, to which log, when and under which name: the CWT claims of a statement (RFC 8392).

    `issuer` is a party, `audience` the log's origin, `iat` the Unix second of signing by the issuer's clock; `cti`
    (8 to 32 bytes) names the statement among all of its issuer's.
    """

    subject: str
    issuer: str
    audience: str
    iat: int
    cti: bytes


class Statement(Struct, frozen=True):
    """A well-formed signed statement. Its signature has been checked only if it is a `VerifiedStatement`.

    `raw` are all its bytes, `statement_id` their SHA-256. `iat` in Unix seconds, by the issuer's clock.
    `commitment` is the SHA-256 of the body of a sealed statement, None for an open one.
    """

    raw: bytes
    statement_id: bytes
    alg: int
    kid: bytes
    issuer: str
    subject: str
    audience: str
    iat: int
    cti: bytes
    payload: bytes
    commitment: bytes | None
    protected_bytes: bytes
    signature: bytes

    @property
    def sealed(self) -> bool:
        """Whether the content lies in a body of its own."""
        return self.commitment is not None

    def recorded(self, event: Event | Closed, *, index: int, version: int, recorded_at: int) -> Recorded:
        """What it says, at its place: entry `index`, number `version` of its subject's stream."""
        return Recorded(
            index=index,
            subject=self.subject,
            version=version,
            recorded_at=recorded_at,
            statement_id=self.statement_id,
            issuer=self.issuer,
            kid=self.kid,
            iat=self.iat,
            sealed=self.commitment is not None,
            event=event,
        )


class VerifiedStatement(Statement, frozen=True):
    """A statement whose signature holds under the key that it names; made by `verify_statement` alone."""


def parse_statement(data: bytes) -> Statement:
    """Take apart a signed statement: sizes, canonical form, `typ`, content type, types of claims, ids.

    Neither signature nor content is checked. Raises `Malformed`.
    """
    if len(data) > STATEMENT_BYTES_MAX:
        raise Malformed(f"a statement has at most {STATEMENT_BYTES_MAX} bytes")
    protected_bytes, unprotected, payload, signature = split(data)
    if unprotected != b"\xa0":
        raise Malformed("a signed statement has an empty unprotected header (a transparent one has receipts there)")
    if payload is None:
        raise Malformed("a statement's payload is embedded, not detached")
    protected = decode(protected_bytes)
    if not isinstance(protected, dict) or protected.get(headers.TYP) != headers.STATEMENT:
        raise Malformed(f"typ is not {headers.STATEMENT!r}")
    if protected.keys() != _LABELS:
        raise Malformed(f"protected header labels are {list(protected)!r:.80}, not {sorted(_LABELS)}")
    if protected[headers.CONTENT_TYPE] != headers.PAYLOAD_JSON:
        raise Malformed(f"content type is not {headers.PAYLOAD_JSON!r}")
    alg, kid, claims = protected[headers.ALG], protected[headers.KID], protected[headers.CWT_CLAIMS]
    headers.algorithm_name(alg)
    if not isinstance(kid, bytes) or len(kid) != 32:
        raise Malformed("kid is not a thumbprint of 32 bytes (RFC 9679)")
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise Malformed(f"CWT claims must be exactly {sorted(_CLAIMS)}: iss, sub, aud, iat, cti")
    issuer, subject, audience = claims[headers.ISS], claims[headers.SUB], claims[headers.AUD]
    iat, cti = claims[headers.IAT], claims[headers.CTI]
    if not isinstance(issuer, str) or kind(_subject(issuer)) != "party":
        raise Malformed("iss is not a party id")
    if not isinstance(subject, str):
        raise Malformed("sub is not text")
    _subject(subject)
    if not isinstance(audience, str) or not 0 < len(audience) <= _ORIGIN_MAX:
        raise Malformed("aud is not the origin of a log")
    if not isinstance(iat, int) or not 0 <= iat <= _IAT_MAX:
        raise Malformed("iat is not a time in whole Unix seconds")
    if not isinstance(cti, bytes) or not CTI_BYTES_MIN <= len(cti) <= CTI_BYTES_MAX:
        raise Malformed(f"cti is not a byte string of {CTI_BYTES_MIN} to {CTI_BYTES_MAX} bytes")
    seal_ = _SEALED.fullmatch(payload)
    return Statement(
        data,
        hashlib.sha256(data).digest(),
        alg,
        kid,
        issuer,
        subject,
        audience,
        iat,
        cti,
        payload,
        bytes.fromhex(seal_[1].decode()) if seal_ else None,
        protected_bytes,
        signature,
    )


def verify_statement(statement: Statement, public_key: VerifyingKey) -> VerifiedStatement:
    """Check the signature under `public_key`, which must be the one that the statement names.

    Raises `Refuted`. Whether that key was the issuer's, and valid, is the caller's question.
    """
    if statement.kid != public_key.kid:
        raise Refuted("the statement names another key")
    public_key.verify(statement.alg, statement.signature, to_be_signed(statement.protected_bytes, statement.payload))
    return VerifiedStatement(*astuple(statement))


def decode_event(statement: Statement, body: bytes | None = None) -> Event | Closed:
    """The event that a statement makes: from its payload, or from `body` if it is sealed.

    A sealed statement without its body gives `Closed`. For an open one `body` is not looked at: a text that
    an event names by digest is not its content. Raises `Malformed` (schema, canonical form), `Refuted` (the
    body is not the one that was committed to).
    """
    if statement.commitment is None:
        return decode_payload(statement.payload)
    if body is None:
        return Closed(statement.commitment)
    if hashlib.sha256(body).digest() != statement.commitment:
        raise Refuted("the body does not hash to the statement's commitment")
    if len(body) > BODY_BYTES_MAX:
        raise Malformed(f"a body has at most {BODY_BYTES_MAX} bytes")
    _, event = decode_body(body)
    if not isinstance(event, Event):
        raise Malformed(f"the body holds no event, but a {type(event).__name__}")
    return event


def decode_trusted(data: bytes, body: bytes | None = None) -> tuple[Statement, Event | Closed]:
    """An entry out of our own store, taken apart. Raises as `parse_statement` and `decode_event` do."""
    statement = parse_statement(data)
    return statement, decode_event(statement, body)


def make_statement(event: Event, claims: Claims, signer: SigningKey) -> bytes:
    """An open statement. Raises `Malformed`."""
    return _sign(encode_payload(event), claims, signer)


def seal(event: Event, salt: bytes) -> bytes:
    """The body of a sealed statement; `salt` is random, at least 16 bytes. Raises `Malformed`."""
    if len(salt) < BODY_SALT_BYTES_MIN:
        raise Malformed(f"a body's salt has at least {BODY_SALT_BYTES_MIN} bytes")
    body = encode_body(event, salt)
    if len(body) > BODY_BYTES_MAX:
        raise Malformed(f"a body has at most {BODY_BYTES_MAX} bytes")
    return body


def make_sealed(event: Event, claims: Claims, signer: SigningKey, salt: bytes) -> tuple[bytes, bytes]:
    """A sealed statement and its body, made with `salt` as `seal` does. Raises `Malformed`."""
    body = seal(event, salt)
    payload = b'{"commitment":"' + hashlib.sha256(body).hexdigest().encode() + b'","type":"sealed"}'
    return _sign(payload, claims, signer), body


def _sign(payload: bytes, claims: Claims, signer: SigningKey) -> bytes:
    protected: dict[int, object] = {
        headers.CONTENT_TYPE: headers.PAYLOAD_JSON,
        headers.CWT_CLAIMS: {
            headers.ISS: claims.issuer,
            headers.SUB: claims.subject,
            headers.AUD: claims.audience,
            headers.IAT: claims.iat,
            headers.CTI: claims.cti,
        },
        headers.TYP: headers.STATEMENT,
    }
    data = sign1(protected, payload, signer)
    parse_statement(data)  # nobody is handed a statement that no log would take
    return data
