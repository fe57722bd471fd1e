"""The answer to a sign-in challenge: who signs in, at which address, at which log. Good once, and for two minutes.

    protected    alg, kid, CWT claims iss (the party) sub (the log's origin) aud (the web origin) exp cti, typ
    payload      the key's thumbprint, as in a proof of possession

`cti` and `exp` are the challenge's; everything else its answerer knows by himself, above all `aud`: a browser puts in
the address that it is at, so that what was signed for another site is good for nothing here.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.sign1 import Sign1, SigningKey, VerifyingKey, claims, parse_sign1, sign1, verify_sign1
from ledger.errors import Malformed, Refuted
from ledger.limits import SIGN_IN_BYTES_MAX

__all__ = ["NONCE_BYTES", "SignIn", "parse_sign_in", "sign_sign_in"]

NONCE_BYTES: Final = 32
_LABELS: Final = frozenset({headers.ALG, headers.KID, headers.CWT_CLAIMS, headers.TYP})
_CLAIMS: Final = {headers.ISS: str, headers.SUB: str, headers.AUD: str, headers.EXP: int, headers.CTI: bytes}


class SignIn(Struct, frozen=True):
    """An answer taken apart. Nothing in it is believed before `verify` returns. `expires_at` in Unix seconds."""

    party: str
    log: str
    web_origin: str
    expires_at: int
    nonce: bytes
    kid: bytes
    message: Sign1

    def verify(self, key: VerifyingKey, *, log: str, web_origin: str) -> None:
        """Check key, log and address; time and nonce are for whoever made the challenge. Raises `Refuted`."""
        payload = verify_sign1(self.message, key)
        if payload != key.kid:
            raise Refuted("the payload is not the key's thumbprint")
        if self.log != log:
            raise Refuted(f"it is meant for the log {self.log!r:.80}, not for {log!r:.80}")
        if self.web_origin != web_origin:
            raise Refuted(f"it is meant for {self.web_origin!r:.80}, not for {web_origin!r:.80}")


def sign_sign_in(*, party: str, log: str, web_origin: str, expires_at: int, nonce: bytes, signer: SigningKey) -> bytes:
    """The answer to the challenge `nonce` that is good until `expires_at`."""
    named = {
        headers.ISS: party,
        headers.SUB: log,
        headers.AUD: web_origin,
        headers.EXP: expires_at,
        headers.CTI: nonce,
    }
    return sign1({headers.TYP: headers.SIGN_IN, headers.CWT_CLAIMS: named}, signer.kid, signer)


def parse_sign_in(data: bytes) -> SignIn:
    """Take an answer apart; verifies nothing. Raises `Malformed`."""
    if len(data) > SIGN_IN_BYTES_MAX:
        raise Malformed(f"an answer to a challenge has at most {SIGN_IN_BYTES_MAX} bytes")
    message = parse_sign1(data, typ=headers.SIGN_IN, labels=_LABELS)
    if message.unprotected or message.payload is None:
        raise Malformed("an answer to a challenge has a payload, and no unprotected header")
    named = claims(message, _CLAIMS)
    party, log, web_origin, expires_at, nonce = (named[label] for label in _CLAIMS)
    assert isinstance(party, str)
    assert isinstance(log, str)
    assert isinstance(web_origin, str)
    assert isinstance(expires_at, int)
    assert isinstance(nonce, bytes)  # claims saw to the types
    if len(nonce) != NONCE_BYTES:
        raise Malformed(f"a challenge has {NONCE_BYTES} bytes")
    return SignIn(party, log, web_origin, expires_at, nonce, message.kid, message)
