"""A request to read what is not public, signed by an enrolled key: who asks, for what, and why. Good for one use.

    protected    alg, content type, kid, CWT claims iss (the party) aud (the log's origin) iat cti, typ
    payload      canonical JSON {"content": …, "purpose": …, "resource": …}

`resource` is the path asked for, with its query; `content` the SHA-256 of what is uploaded, null for a request that
brings nothing. Sent as `Authorization: COSE <base64url>`. It signs nothing else: its `typ` is its own.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from ledger.cose import headers
from ledger.cose.sign1 import Sign1, SigningKey, VerifyingKey, claims, parse_sign1, sign1, verify_sign1
from ledger.domain.events.base import Digest, Line
from ledger.domain.values.text import check_text
from ledger.errors import Malformed, Refused, Refuted
from ledger.limits import (
    ACCESS_TOKEN_BYTES_MAX,
    ACCESS_TOKEN_SECONDS_MAX,
    CTI_BYTES_MAX,
    CTI_BYTES_MIN,
    IAT_AHEAD_SECONDS_MAX,
)

__all__ = ["AccessRequest", "AccessToken", "parse_access", "sign_access"]

_LABELS: Final = frozenset({headers.ALG, headers.CONTENT_TYPE, headers.KID, headers.CWT_CLAIMS, headers.TYP})
_CLAIMS: Final = {headers.ISS: str, headers.AUD: str, headers.IAT: int, headers.CTI: bytes}


class AccessRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the token is for; see the module."""

    content: Digest | None
    purpose: Line
    resource: Annotated[str, Meta(min_length=1, max_length=1_024)]


class AccessToken(Struct, frozen=True):
    """A token taken apart. Nothing in it is believed before `verify` returns."""

    party: str
    kid: bytes
    cti: bytes
    audience: str
    issued_at: int
    asked: AccessRequest
    message: Sign1

    def verify(self, key: VerifyingKey, origin: str, now: int) -> AccessRequest:
        """What is asked for, once key, log and time hold. Raises `Refuted`; `Refused` for its time, which the clock of
        who signs may be the cause of."""
        verify_sign1(self.message, key)
        if self.audience != origin:
            raise Refuted(f"the request is meant for {self.audience!r:.80}, not for {origin!r:.80}")
        if not now - ACCESS_TOKEN_SECONDS_MAX <= self.issued_at <= now + IAT_AHEAD_SECONDS_MAX:
            raise _other_time(self.issued_at - now)
        return self.asked


_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(AccessRequest).decode


def _other_time(ahead: int) -> Refused:
    seconds, early = abs(ahead), ahead < 0
    zh = f"{seconds // 60} 分钟" if seconds >= 60 else f"{seconds} 秒"
    en = f"{seconds // 60} minutes" if seconds >= 60 else f"{seconds} s"
    most = ACCESS_TOKEN_SECONDS_MAX if early else IAT_AHEAD_SECONDS_MAX
    return Refused(
        "access.clock",
        f"签名的时间比服务的时钟{'早' if early else '晚'} {zh}，最多 {most} 秒：请校准本机时钟，再签名一次",
        f"it was signed {en} {'before' if early else 'after'} the service's clock, {most} s at most: set this "
        "machine's clock right, and sign anew",
    )


def sign_access(
    asked: AccessRequest, *, party: str, origin: str, issued_at: int, cti: bytes, signer: SigningKey
) -> bytes:
    """A token for one request. `issued_at` in Unix seconds, `cti` of 8 to 32 random bytes."""
    named = {headers.ISS: party, headers.AUD: origin, headers.IAT: issued_at, headers.CTI: cti}
    protected: dict[int, object] = {
        headers.CONTENT_TYPE: headers.ACCESS_JSON,
        headers.CWT_CLAIMS: named,
        headers.TYP: headers.ACCESS,
    }
    return sign1(protected, _encode(asked), signer)


def parse_access(token: bytes) -> AccessToken:
    """Take a token apart; verifies nothing. Raises `Malformed`."""
    if len(token) > ACCESS_TOKEN_BYTES_MAX:
        raise Malformed(f"a request to read has at most {ACCESS_TOKEN_BYTES_MAX} bytes")
    message = parse_sign1(token, typ=headers.ACCESS, labels=_LABELS)
    if message.unprotected or message.payload is None:
        raise Malformed("a request to read has a payload, and no unprotected header")
    if message.protected[headers.CONTENT_TYPE] != headers.ACCESS_JSON:
        raise Malformed(f"content type is not {headers.ACCESS_JSON!r}")
    named = claims(message, _CLAIMS)
    party, audience, issued_at, cti = (named[label] for label in (headers.ISS, headers.AUD, headers.IAT, headers.CTI))
    assert isinstance(party, str)
    assert isinstance(audience, str)
    assert isinstance(issued_at, int)
    assert isinstance(cti, bytes)  # claims saw to the types
    if not CTI_BYTES_MIN <= len(cti) <= CTI_BYTES_MAX:
        raise Malformed(f"cti has {CTI_BYTES_MIN} to {CTI_BYTES_MAX} bytes")
    return AccessToken(party, message.kid, cti, audience, issued_at, _asked(message.payload), message)


def _asked(payload: bytes) -> AccessRequest:
    try:
        asked = _decode(payload)
        check_text(payload, asked)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a request to read: {error}") from None
    except Refused as error:
        raise Malformed(f"not a request to read: {error.en}") from None
    if _encode(asked) != payload:
        raise Malformed("the request is not in its canonical form (RFC 8785)")
    return asked
