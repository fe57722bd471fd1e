"""The X.509 certificate (RFC 5280) of the key that signs certificates of pledges: readers of PDF ask for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import NameOID

from ledger.errors import Misconfigured
from ledger.keys.signer import Signer

__all__ = ["self_signed"]

_VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_UNTIL: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 §4.1.2.5: no well-defined end


def self_signed(signer: Signer, origin: str) -> bytes:
    """The X.509 certificate of a log's certificate key, in DER: the same for the same key (RFC 6979).

    It says no more than whose key this is; to believe it, compare the key with the trust file's. It does not expire:
    when a key ends, the trust file says. Raises `Misconfigured` for a key of another kind than P-256.
    """
    private = signer.private
    if not isinstance(private, EllipticCurvePrivateKey):
        raise Misconfigured("certificates are signed by a P-256 key: readers of PDF know no Ed25519")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, origin[:64]),  # RFC 5280: ub-common-name
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "pledge certificates"),
        ]
    )
    public = private.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(int.from_bytes(signer.kid[:16], "big") >> 1 or 1)
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    made = builder.sign(private, hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(serialization.Encoding.DER)
