"""Which key may sign for whom, at one position of the log: a view of the governance there.

Validity is by position: a key counts from the entry that enrols it to the entry that ends it, on the days that
it was given. Decoded public keys are kept by `ledger.keys.algorithms`, across all keyrings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.governance import Governance
from ledger.domain.state.party import EnrolledKey
from ledger.keys.algorithms import PublicKey, decode_key

__all__ = ["Keyring"]


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of all parties as of `governance`. Making one costs nothing: make a new one per position."""

    governance: Governance

    def key(self, kid: bytes) -> EnrolledKey | None:
        """What is enrolled under a thumbprint, whether still valid or not; None if nothing is."""
        return self.governance.keys.get(kid)

    def public(self, key: EnrolledKey) -> PublicKey:
        """The public key itself. Raises `Malformed` for an enrolled key that is none of ours."""
        return decode_key(key.cose_key)

    def signing_key(self, kid: bytes, issuer: str, today: date) -> PublicKey:
        """The key with which `issuer` may sign the next entry, recorded on the day `today` (Asia/Shanghai).

        Raises `Refused`: unknown, another's, ended, or not valid on that day.
        """
        return self.public(usable_key(self.governance, kid, issuer, today))
