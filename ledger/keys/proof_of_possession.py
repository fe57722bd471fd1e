"""Proof that whoever enrols a key holds its private half, and means it for this party in this log.

A COSE_Sign1 with its own `typ`, signed by the key itself: claims `iss` (party id) and `aud` (the log's
origin), payload the key's thumbprint. Bound to both, so that nobody can enrol another's key as theirs or
carry an enrolment over from another log.
"""

from __future__ import annotations

from typing import Final

from ledger.cose import headers
from ledger.cose.sign1 import claims, parse_sign1, sign1, verify_sign1
from ledger.errors import Malformed, Refuted
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.keys.signer import Signer

__all__ = ["check_possession", "prove_possession"]

_LABELS: Final = frozenset({headers.ALG, headers.KID, headers.CWT_CLAIMS, headers.TYP})


def prove_possession(signer: Signer, party: str, origin: str) -> bytes:
    """The proof that the holder of `signer` wants it enrolled for `party` in the log `origin`."""
    protected: dict[int, object] = {
        headers.TYP: headers.POSSESSION,
        headers.CWT_CLAIMS: {headers.ISS: party, headers.AUD: origin},
    }
    return sign1(protected, signer.kid, signer)


def check_possession(proof: bytes, cose_key: bytes, party: str, origin: str) -> PublicKey:
    """The key of `cose_key`, whose holder made `proof` for this party and log.

    Raises `Refuted` (another key, party or log, bad signature), `Malformed`.
    """
    key = decode_key(cose_key)
    message = parse_sign1(proof, typ=headers.POSSESSION, labels=_LABELS)
    if message.unprotected:
        raise Malformed("a proof of possession has no unprotected header")
    named = claims(message, {headers.ISS: str, headers.AUD: str})
    payload = verify_sign1(message, key)
    if named[headers.ISS] != party or named[headers.AUD] != origin or payload != key.kid:
        raise Refuted(f"the proof of possession is not for {party} in {origin}")
    return key
