"""The signature on an evidence archive: an exporter's word that this manifest, and so this archive, is its own.

    protected    alg, content type, kid, CWT claims iss (the exporting party) sub (the enterprise) aud (the log's
                 origin), typ
    payload      detached: the bytes of `manifest.json`

It names no time of its own, so that the same archive has the same signature; the manifest has a date.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.cose import headers
from ledger.cose.sign1 import Sign1, SigningKey, VerifyingKey, claims, parse_sign1, sign1, verify_sign1
from ledger.errors import Malformed

__all__ = ["ArchiveSignature", "parse_archive_signature", "sign_archive"]

_SIGNATURE_BYTES_MAX: Final = 4_096
_LABELS: Final = frozenset({headers.ALG, headers.CONTENT_TYPE, headers.KID, headers.CWT_CLAIMS, headers.TYP})
_CLAIMS: Final = {headers.ISS: str, headers.SUB: str, headers.AUD: str}


class ArchiveSignature(Struct, frozen=True):
    """A signature taken apart; nothing in it is believed before `verify` returns."""

    party: str
    subject: str
    origin: str
    message: Sign1

    @property
    def kid(self) -> bytes:
        """Thumbprint of the key that it names, 32 bytes."""
        return self.message.kid

    def verify(self, manifest: bytes, key: VerifyingKey) -> bytes:
        """The manifest, which this key signed. Raises `Refuted`."""
        return verify_sign1(self.message, key, detached_payload=manifest)


def sign_archive(manifest: bytes, *, party: str, subject: str, origin: str, signer: SigningKey) -> bytes:
    """The signature of `party` on the bytes of a manifest about `subject`."""
    protected: dict[int, object] = {
        headers.CONTENT_TYPE: headers.ARCHIVE_JSON,
        headers.CWT_CLAIMS: {headers.ISS: party, headers.SUB: subject, headers.AUD: origin},
        headers.TYP: headers.ARCHIVE,
    }
    return sign1(protected, manifest, signer, detached=True)


def parse_archive_signature(data: bytes) -> ArchiveSignature:
    """Take a signature apart; verifies nothing. Raises `Malformed`."""
    if len(data) > _SIGNATURE_BYTES_MAX:
        raise Malformed(f"the signature of an archive has at most {_SIGNATURE_BYTES_MAX} bytes")
    message = parse_sign1(data, typ=headers.ARCHIVE, labels=_LABELS)
    if message.unprotected or message.payload is not None:
        raise Malformed("the signature of an archive has neither an unprotected header nor a payload of its own")
    if message.protected[headers.CONTENT_TYPE] != headers.ARCHIVE_JSON:
        raise Malformed(f"content type is not {headers.ARCHIVE_JSON!r}")
    named = claims(message, _CLAIMS)
    party, subject, origin = named[headers.ISS], named[headers.SUB], named[headers.AUD]
    assert isinstance(party, str)
    assert isinstance(subject, str)
    assert isinstance(origin, str)  # claims saw to the types
    return ArchiveSignature(party, subject, origin, message)
