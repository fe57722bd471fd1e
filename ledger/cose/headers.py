"""Labels, algorithm numbers and media types of our COSE objects, each with its source; no code but look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger.errors import Malformed

__all__ = ["ALGORITHMS", "algorithm_name"]

# Header parameters
ALG: Final = 1  # RFC 9052 §3.1
CONTENT_TYPE: Final = 3  # RFC 9052 §3.1
KID: Final = 4  # RFC 9052 §3.1; ours is always the RFC 9679 SHA-256 thumbprint, 32 bytes
CWT_CLAIMS: Final = 15  # RFC 9597 §2
TYP: Final = 16  # RFC 9596 §2
RECEIPTS: Final = 394  # RFC 9942 §4.1: array of receipts, each a bstr
VDS: Final = 395  # RFC 9942 §4.1: verifiable data structure
VDP: Final = 396  # RFC 9942 §4.1: verifiable data proofs
# Private use (RFC 9052 §11.2: below -65536). RFC 9942 leaves the tree size in the unprotected proof; we sign it.
# Not -65537: others already use the first number of the range for things of their own.
TREE_SIZE: Final = -70_001  # uint: number of leaves under the signed root
ORIGIN: Final = -70_002  # tstr: the log's origin (C2SP tlog-checkpoint)

VDS_RFC9162_SHA256: Final = 1  # RFC 9942 §5.1
VDP_INCLUSION: Final = -1  # RFC 9942 §5.2: array of bstr .cbor [tree_size, leaf_index, [+ bstr]]

# CWT claims, RFC 8392 §3.1
ISS: Final = 1
SUB: Final = 2
AUD: Final = 3
EXP: Final = 4
IAT: Final = 6
CTI: Final = 7

# What is signed for one use must not pass for another: `typ` is looked at first
STATEMENT: Final = "application/vnd.credit-ledger.statement+cose"
STANDING: Final = "application/vnd.credit-ledger.standing+cose"
POSSESSION: Final = "application/vnd.credit-ledger.possession+cose"
ACCESS: Final = "application/vnd.credit-ledger.access+cose"
ACKNOWLEDGEMENT: Final = "application/vnd.credit-ledger.acknowledgement+cose"
SIGN_IN: Final = "application/vnd.credit-ledger.sign-in+cose"
RECEIPT: Final = "application/scitt-receipt+cose"  # RFC 9943, IANA media types
EVIDENCE: Final = "application/vnd.credit-ledger.evidence+cbor"  # CBOR, not signed: what is in it is
BUNDLE: Final = "application/vnd.credit-ledger.bundle+cbor"  # likewise: a completeness bundle

PAYLOAD_JSON: Final = "application/vnd.credit-ledger+json"
ARCHIVE: Final = "application/vnd.credit-ledger.archive+cose"  # over the manifest of an evidence archive
ARCHIVE_JSON: Final = "application/vnd.credit-ledger.archive+json"
ACCESS_JSON: Final = "application/vnd.credit-ledger.access+json"
STANDING_JSON: Final = "application/vnd.credit-ledger.standing+json"

#: The closed list of signature algorithms. Fully specified ones: RFC 9864; the others: RFC 9053 §2.
ALGORITHMS: Final[Mapping[int, str]] = MappingProxyType({-7: "ES256", -8: "EdDSA", -9: "ESP256", -19: "Ed25519"})

# Numbers that people do send, so that the refusal can name them
_REFUSED: Final = {
    -257: "RS256",
    -36: "ES512",
    -35: "ES384",
    -37: "PS256",
    -47: "ES256K",
    -48: "ML-DSA-44",
    -49: "ML-DSA-65",
    -50: "ML-DSA-87",
    -53: "Ed448",
    5: "HMAC 256/256",
}


def algorithm_name(number: object) -> str:
    """The name of a supported algorithm. Raises `Malformed`, naming what was asked for."""
    if isinstance(number, int) and number in ALGORITHMS:
        return ALGORITHMS[number]
    if isinstance(number, int) and number in _REFUSED:
        raise Malformed(f"signature algorithm {_REFUSED[number]} ({number}) is not supported")
    raise Malformed(f"signature algorithm {number!r:.40} is not supported")
