"""What the streams of parties add up to: who there is, in which roles, and with which keys.

What may be said about parties is in `ledger/domain/rules/party.py`, what is said in `ledger/domain/events/party.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any, Final

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.party import (
    KeyEnrolled,
    KeyRecovered,
    KeyRevoked,
    KeyRotated,
    LaboratoryAccredited,
    PartyEnrolled,
    RoleGranted,
    RoleRevoked,
    TrustAnchorsEstablished,
)
from ledger.domain.values.dates import shanghai_date

__all__ = ["ROOT_PARTY", "Accreditation", "EnrolledKey", "Parties", "PartyRecord", "evolve_parties", "kid_of"]

ROOT_PARTY: Final = "party:root"


def kid_of(key: str) -> bytes:
    """The thumbprint of a COSE_Key given in hexadecimal (RFC 9679).

    Keys are enrolled in their deterministic form with the required members only (`ledger.keys.algorithms`
    refuses any other), and that is just what the thumbprint hashes.
    """
    return sha256(bytes.fromhex(key)).digest()


class PartyRecord(Struct, frozen=True):
    """A party; `roles` are those that it holds now, `keys` the thumbprints of all that it ever had."""

    party: str
    name_zh: str
    name_en: str | None
    identifier: str | None
    enrolled_at: int
    roles: frozenset[str] = frozenset()
    keys: tuple[bytes, ...] = ()


class EnrolledKey(Struct, frozen=True):
    """A key of a party. Indices are leaf indices: the key signs entries in (`enrolled_at`, `ended_at`).

    Dates are Asia/Shanghai calendar dates of recording, both ends included; `usable_from` is set by a
    recovery. `compromised_since` disputes what it signed from that day on. `replaces` is the key that this one
    came after, `successor` the one after this; `rotated` says that the old key itself signed it in, on
    `enrolled_on`.
    """

    kid: bytes
    cose_key: bytes
    party: str
    officer: str
    enrolled_at: int
    enrolled_on: date
    valid_from: date
    valid_until: date | None = None
    usable_from: date | None = None
    ended_at: int | None = None
    revoked_for: str | None = None
    compromised_since: date | None = None
    replaces: bytes | None = None
    successor: bytes | None = None
    rotated: bool = False

    def valid_on(self, day: date) -> bool:
        """Whether the key's dates let it sign what is recorded on `day`; says nothing of its end in the log."""
        return (
            self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
            and (self.usable_from is None or self.usable_from <= day)
        )


class Accreditation(Struct, frozen=True):
    """The `LaboratoryAccredited` at `index`: `party` is accredited on these days, both included."""

    index: int
    party: str
    valid_from: date
    valid_until: date

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_until


class Parties(Struct, frozen=True):
    """All parties by id, all keys by thumbprint, accreditations by CMA number."""

    by_id: Map[str, PartyRecord] = Map()
    keys: Map[bytes, EnrolledKey] = Map()
    accreditations: Map[str, Accreditation] = Map()

    def put(self, party: PartyRecord) -> Parties:
        return replace(self, by_id=self.by_id.set(party.party, party))


def evolve_parties(parties: Parties, at: Recorded) -> Parties:
    """The parties after one more event of a party's stream."""
    step = _EVOLVE.get(type(at.event))
    return parties if step is None else step(parties, at, at.event)


def _established(parties: Parties, at: Recorded, event: TrustAnchorsEstablished) -> Parties:
    root = PartyRecord(at.subject, event.name_zh, event.name_en, None, at.index, frozenset(("root",)))
    key = _key(at, event.root_key, event.root_officer, event.effective_on)
    return _with_key(parties.put(root), key)


def _enrolled(parties: Parties, at: Recorded, event: PartyEnrolled) -> Parties:
    return parties.put(PartyRecord(at.subject, event.name_zh, event.name_en, event.identifier, at.index))


def _key_enrolled(parties: Parties, at: Recorded, event: KeyEnrolled) -> Parties:
    return _with_key(parties, _key(at, event.key, event.officer, event.valid_from, event.valid_until))


def _key_rotated(parties: Parties, at: Recorded, event: KeyRotated) -> Parties:
    old = parties.keys[bytes.fromhex(event.replaces)]
    new = _key(at, event.key, old.officer, event.effective_on, event.valid_until)
    return _succeed(parties, at, old, replace(new, replaces=old.kid, rotated=True))


def _key_recovered(parties: Parties, at: Recorded, event: KeyRecovered) -> Parties:
    old = parties.keys[bytes.fromhex(event.replaces)]
    new = _key(at, event.key, event.officer, event.usable_from, event.valid_until)
    return _succeed(parties, at, old, replace(new, replaces=old.kid, usable_from=event.usable_from))


def _key_revoked(parties: Parties, at: Recorded, event: KeyRevoked) -> Parties:
    key = parties.keys[bytes.fromhex(event.kid)]
    return replace(parties, keys=_end(parties.keys, key, at.index, event.reason, event.compromised_since))


def _role_granted(parties: Parties, at: Recorded, event: RoleGranted) -> Parties:
    party = parties.by_id[at.subject]
    return parties.put(replace(party, roles=party.roles | {event.role}))


def _role_revoked(parties: Parties, at: Recorded, event: RoleRevoked) -> Parties:
    party = parties.by_id[at.subject]
    return parties.put(replace(party, roles=party.roles - {event.role}))


def _accredited(parties: Parties, at: Recorded, event: LaboratoryAccredited) -> Parties:
    accreditation = Accreditation(at.index, at.subject, event.valid_from, event.valid_until)
    return replace(parties, accreditations=parties.accreditations.set(event.cma, accreditation))


def _key(at: Recorded, key: str, officer: str, valid_from: date, valid_until: date | None = None) -> EnrolledKey:
    today = shanghai_date(at.recorded_at)
    return EnrolledKey(kid_of(key), bytes.fromhex(key), at.subject, officer, at.index, today, valid_from, valid_until)


def _with_key(parties: Parties, key: EnrolledKey) -> Parties:
    party = parties.by_id[key.party]
    party = replace(party, keys=(*party.keys, key.kid))
    return replace(parties, by_id=parties.by_id.set(party.party, party), keys=parties.keys.set(key.kid, key))


def _succeed(parties: Parties, at: Recorded, old: EnrolledKey, new: EnrolledKey) -> Parties:
    ended = replace(old, successor=new.kid, ended_at=at.index if old.ended_at is None else old.ended_at)
    return _with_key(replace(parties, keys=parties.keys.set(old.kid, ended)), new)


def _end(
    keys: Map[bytes, EnrolledKey], key: EnrolledKey, index: int, reason: str, since: date | None
) -> Map[bytes, EnrolledKey]:
    """End a key and, if it was compromised, those rotated from it since that day, and so on down the line."""
    while True:
        known = [day for day in (key.compromised_since, since) if day is not None]
        keys = keys.set(
            key.kid,
            replace(
                key,
                ended_at=index if key.ended_at is None else key.ended_at,
                revoked_for=reason,
                compromised_since=min(known, default=None),
            ),
        )
        successor = None if key.successor is None else keys[key.successor]
        if since is None or successor is None or not successor.rotated or successor.enrolled_on < since:
            return keys
        key = successor


_EVOLVE: Final[dict[type, Callable[[Parties, Recorded, Any], Parties]]] = {
    TrustAnchorsEstablished: _established,
    PartyEnrolled: _enrolled,
    LaboratoryAccredited: _accredited,
    KeyEnrolled: _key_enrolled,
    KeyRotated: _key_rotated,
    KeyRecovered: _key_recovered,
    KeyRevoked: _key_revoked,
    RoleGranted: _role_granted,
    RoleRevoked: _role_revoked,
}
