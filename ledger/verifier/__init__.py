"""Offline verification: nothing but bytes and a trust file, no network, no clock of its own.

`statement` verifies a statement in the log, `checkpoint` what the log itself signs, `completeness_bundle` and
`evidence_archive` whole files; each gives back the verified thing with the steps that were taken, or raises. `trust`
is what is believed beforehand and `trust_file` its form, `issuer_keys` and `entry_location` how issuers and places are
checked; what witnesses add is in `checkpoint`. File forms are in `formats/`, the lines of each report in its
`…_wording`.
"""

from ledger.verifier.checkpoint import verify_head, verify_signed_acknowledgement, verify_signed_standing
from ledger.verifier.completeness_bundle import VerifiedBundle, verify_bundle
from ledger.verifier.report import (
    Remark,
    Verified,
    VerifiedAcknowledgement,
    VerifiedEntry,
    VerifiedHead,
    VerifiedSignedStanding,
)
from ledger.verifier.statement import verify_entry
from ledger.verifier.trust import Trust
from ledger.verifier.trust_file import TrustedKey, TrustFile, parse_trust, trusted_certificate_keys

__all__ = [
    "Remark",
    "Trust",
    "TrustFile",
    "TrustedKey",
    "Verified",
    "VerifiedAcknowledgement",
    "VerifiedBundle",
    "VerifiedEntry",
    "VerifiedHead",
    "VerifiedSignedStanding",
    "parse_trust",
    "trusted_certificate_keys",
    "verify_bundle",
    "verify_entry",
    "verify_head",
    "verify_signed_acknowledgement",
    "verify_signed_standing",
]
