"""Parties, their keys and roles: the streams `party:<id>`.

Role `root` belongs to `party:root` alone, by the first entry of the log.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import Digest, Event, Hex, Line

Role = Literal[
    "registrar", "organizer", "approver", "regulator", "laboratory", "handling_body", "data_officer", "log_operator"
]
CmaNumber = Annotated[str, Meta(pattern="^[0-9A-Z]{6,20}\\Z")]  # of a laboratory's accreditation (资质认定)
SuccessionReason = Literal["planned", "lost", "compromised"]
Officer = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}\\Z")]  # a pseudonym, never a person's name


class TrustAnchorsEstablished(Event, frozen=True, kw_only=True, tag="TrustAnchorsEstablished"):
    """The first entry: signed by the root key that it names, in stream `party:root`, issuer `party:root`.

    Keys are deterministic CBOR COSE_Key (RFC 9052 §7) in hexadecimal; `checkpoint_vkey` is a C2SP
    verifier key string whose name is `origin`.
    """

    origin: Line
    name_zh: Line
    name_en: Line
    root_key: Hex
    root_officer: Officer
    checkpoint_vkey: Line
    receipt_key: Hex
    standing_key: Hex
    demo: bool = False


class TrustAnchorsSucceeded(Event, frozen=True, kw_only=True, tag="TrustAnchorsSucceeded"):
    """Other keys of the log: trees of `from_size` entries and more are signed with these, smaller ones as before.

    Signed by the root, in stream `party:root`. Keys in the forms of `TrustAnchorsEstablished`. All three are new, and
    `from_size` is beyond the first tree that holds this entry: what announces the keys is signed with those before.
    """

    from_size: Annotated[int, Meta(ge=2)]
    checkpoint_vkey: Line
    receipt_key: Hex
    standing_key: Hex
    reason: SuccessionReason


class PartyEnrolled(Event, frozen=True, kw_only=True, tag="PartyEnrolled"):
    """A party that may be given keys and roles."""

    name_zh: Line
    name_en: Line | None = None
    identifier: Line | None = None
    evidence: Line | None = None


class LaboratoryAccredited(Event, frozen=True, kw_only=True, tag="LaboratoryAccredited"):
    """The party is the laboratory accredited (资质认定) under this CMA number, on these days, both included.

    The same number again, for the same party, replaces the days.
    """

    cma: CmaNumber
    valid_from: date
    valid_until: date
    evidence: Line | None = None


class KeyEnrolled(Event, frozen=True, kw_only=True, tag="KeyEnrolled"):
    """A key of the party, with its proof of possession (`ledger.keys.proof_of_possession`); valid on the days given."""

    key: Hex
    proof: Hex
    officer: Officer
    valid_from: date
    valid_until: date | None = None
    evidence: Line | None = None


class KeyRotated(Event, frozen=True, kw_only=True, tag="KeyRotated"):
    """The old key `replaces` (kid) signs in its successor; the officer stays the same; the old key ends."""

    replaces: Digest
    key: Hex
    proof: Hex
    valid_until: date | None = None


class KeyRecovered(Event, frozen=True, kw_only=True, tag="KeyRecovered"):
    """A registrar replaces a lost key; the new one may be used from `usable_from`, after a waiting period."""

    replaces: Digest
    key: Hex
    proof: Hex
    officer: Officer
    usable_from: date
    evidence: Line
    valid_until: date | None = None


class KeyRevoked(Event, frozen=True, kw_only=True, tag="KeyRevoked"):
    """Ends a key at this position. `compromised_since` disputes what it signed from that day to here."""

    kid: Digest
    reason: Literal["retired", "superseded", "lost", "compromised"]
    compromised_since: date | None = None


class RoleGranted(Event, frozen=True, kw_only=True, tag="RoleGranted"):
    """From here on the party may say what the role is for."""

    role: Role


class RoleRevoked(Event, frozen=True, kw_only=True, tag="RoleRevoked"):
    """From here on the party may no longer say what the role is for; what it said stays."""

    role: Role
    reason: Line
