"""Offline verification: nothing but bytes and a trust file, no network, no clock of its own.

`entry` verifies a statement in the log, `heads` what the log itself signs; both give back the verified thing with
the steps that were taken, or raise. `trust` is what is believed beforehand, `evidence` what a statement about an
issuer rests on, `chain` and `located` how that is checked.
"""

from ledger.verifier.checkpoint import verify_head, verify_signed_standing
from ledger.verifier.completeness_bundle import VerifiedBundle, verify_bundle
from ledger.verifier.report import Remark, Verified, VerifiedEntry, VerifiedHead, VerifiedSignedStanding
from ledger.verifier.statement import verify_entry
from ledger.verifier.trust import Trust, TrustedKey, TrustFile, parse_trust

__all__ = [
    "Remark",
    "Trust",
    "TrustFile",
    "TrustedKey",
    "Verified",
    "VerifiedBundle",
    "VerifiedEntry",
    "VerifiedHead",
    "VerifiedSignedStanding",
    "parse_trust",
    "verify_bundle",
    "verify_entry",
    "verify_head",
    "verify_signed_standing",
]
