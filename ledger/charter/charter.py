"""The charter: the pre-signed first statements of a log.

In this order: trust anchors (by the root that they name), parties with their keys and roles (by the root),
registration policy, standing policy as proposed and as approved, work calendars. Made where the private keys
are; the service is given the file (`charter_file.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256

from msgspec import Struct

from ledger.charter.charter_file import charter_origin
from ledger.cose.statement import Claims, decode_event, make_statement, parse_statement
from ledger.domain.events.base import Event
from ledger.domain.events.party import (
    KeyEnrolled,
    PartyEnrolled,
    Role,
    RoleGranted,
    TrustAnchorsEstablished,
)
from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    StandingPolicy,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import POLICY
from ledger.errors import Malformed
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.keys.log_keys import LogKeys
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer

__all__ = [
    "CharterParty",
    "CharterRoot",
    "CharterRules",
    "EnrolledParty",
    "FoundedLog",
    "LogAnchors",
    "draft_charter",
    "make_charter",
    "sign_charter",
    "unsigned_parts",
]


class LogAnchors(Struct, frozen=True):
    """The public keys of a log. `checkpoint_vkey` is a C2SP verifier key whose name is `origin`."""

    origin: str
    checkpoint_vkey: str
    receipt: PublicKey
    standing: PublicKey

    @classmethod
    def of(cls, keys: LogKeys) -> LogAnchors:
        return cls(keys.origin, keys.checkpoint.key.format(), keys.receipt.public, keys.standing.public)


class CharterParty(Struct, frozen=True):
    """A party that the root enrols in the charter. `officer` is the pseudonym of the key's holder.

    The same party once more is a further officer of it, with a key of its own.
    """

    party: str
    roles: tuple[Role, ...]
    name_zh: str
    name_en: str
    officer: str
    signer: Signer


class EnrolledParty(Struct, frozen=True):
    """A party, or a further officer of it, whose private key is elsewhere: its public half, and the proof (`proof`)
    that its holder means it for this party and this log."""

    party: str
    roles: tuple[Role, ...]
    name_zh: str
    name_en: str
    officer: str
    key: PublicKey
    proof: bytes


class CharterRoot(Struct, frozen=True):
    """Who founds the log and enrols everybody: the root's key, and the pseudonym of its holder."""

    signer: Signer
    officer: str


class FoundedLog(Struct, frozen=True):
    """The log that a charter founds: its keys, its names for people, and whether it is a demonstration."""

    anchors: LogAnchors
    name_zh: str
    name_en: str
    demo: bool = False


class CharterRules(Struct, frozen=True):
    """What an organizer lays down in a charter and an approver approves.

    `in_force_from`: the first day of the standing policy; None: the day on which it is approved.
    """

    registration_policy: RegistrationPolicyAdopted
    standing_policy: StandingPolicy
    calendars: Sequence[WorkCalendarPublished]
    in_force_from: date | None = None


def make_charter(
    root: CharterRoot, log: FoundedLog, parties: Sequence[CharterParty], rules: CharterRules, now: int
) -> list[bytes]:
    """The statements of a charter, signed at `now` (Unix seconds). The same input gives the same bytes.

    The first party with the role organizer says the policies, the first with approver (or regulator) approves.
    Raises `Malformed` where one of the two is missing.
    """
    organizer = _first(parties, ("organizer",))
    approver = _first(parties, ("approver", "regulator"))
    enrolled = [
        EnrolledParty(
            one.party,
            one.roles,
            one.name_zh,
            one.name_en,
            one.officer,
            one.signer.public,
            prove_possession(one.signer, one.party, log.anchors.origin),
        )
        for one in parties
    ]
    signed = draft_charter(root, log, enrolled, now)
    say = _Scribe(signed, log.anchors.origin, now).say
    proposal = _propose(say, organizer.party, organizer.signer, rules, now)
    say(_approval(proposal, rules, now), POLICY, approver.party, approver.signer)
    for calendar in rules.calendars:
        say(calendar, POLICY, organizer.party, organizer.signer)
    return signed


def draft_charter(root: CharterRoot, log: FoundedLog, parties: Sequence[EnrolledParty], now: int) -> list[bytes]:
    """The statements of a charter that its root signs, at `now`: trust anchors, parties, their keys and roles."""
    today, signed, anchors = shanghai_date(now), list[bytes](), log.anchors
    say = _Scribe(signed, anchors.origin, now).say
    established = TrustAnchorsEstablished(
        v=1,
        effective_on=today,
        origin=anchors.origin,
        name_zh=log.name_zh,
        name_en=log.name_en,
        root_key=root.signer.public.cose_key.hex(),
        root_officer=root.officer,
        checkpoint_vkey=anchors.checkpoint_vkey,
        receipt_key=anchors.receipt.cose_key.hex(),
        standing_key=anchors.standing.cose_key.hex(),
        demo=log.demo,
    )
    say(established, ROOT_PARTY, ROOT_PARTY, root.signer)
    enrolled = set[str]()
    for member in parties:
        for event in _enrolment(member, today, further=member.party in enrolled):
            say(event, member.party, ROOT_PARTY, root.signer)
        enrolled.add(member.party)
    return signed


def sign_charter(statements: Sequence[bytes], signer: Signer, rules: CharterRules, now: int) -> list[bytes]:
    """A drafted charter with what the holder of `signer` has to add: an organizer the policies and work calendars,
    then an approver (or regulator) the approval.

    Raises `Malformed` where it is not this key's turn, or the charter has no such key.
    """
    signed, origin = list(statements), charter_origin(statements)
    kid = signer.kid.hex()
    party = _key_holders(statements).get(kid)
    if party is None:
        raise Malformed(f"the charter enrols no key with the thumbprint {kid}")
    roles, left = _roles_of(statements, party), unsigned_parts(statements)
    say = _Scribe(signed, origin, now).say
    if left[:1] == ["organizer"] and "organizer" in roles:
        _propose(say, party, signer, rules, now)
        for calendar in rules.calendars:
            say(calendar, POLICY, party, signer)
    elif left[:1] == ["approver"] and not roles.isdisjoint(("approver", "regulator")):
        events = [decode_event(parse_statement(one)) for one in statements]
        proposal = next(at for at, event in enumerate(events) if isinstance(event, StandingPolicyProposed))
        say(_approval(proposal, rules, now), POLICY, party, signer)
    else:
        turn = f"the next to sign is the {left[0]}" if left else "it is whole"
        raise Malformed(f"{party} has nothing to add to this charter: {turn}")
    return signed


def unsigned_parts(statements: Sequence[bytes]) -> list[str]:
    """Who has still to sign a charter, in order: `organizer`, `approver`."""
    events = [decode_event(parse_statement(one)) for one in statements]
    parts = (("organizer", StandingPolicyProposed), ("approver", StandingPolicyApproved))
    return [who for who, kind in parts if not any(isinstance(event, kind) for event in events)]


class _Scribe:
    """Signs what is said in a charter, and adds it to `signed`."""

    def __init__(self, signed: list[bytes], origin: str, now: int) -> None:
        self._signed, self._origin, self._now = signed, origin, now

    def say(self, event: Event, subject: str, issuer: str, signer: Signer) -> int:
        """The index of what is said."""
        cti = sha256(f"{self._origin}\ncharter\n{len(self._signed)}".encode()).digest()[:16]
        self._signed.append(make_statement(event, Claims(subject, issuer, self._origin, self._now, cti), signer))
        return len(self._signed) - 1


def _propose(
    say: Callable[[Event, str, str, Signer], int], party: str, signer: Signer, rules: CharterRules, now: int
) -> int:
    """Both policies; the index of the standing policy's proposal."""
    say(rules.registration_policy, POLICY, party, signer)
    proposed = StandingPolicyProposed(v=1, effective_on=shanghai_date(now), policy=rules.standing_policy)
    return say(proposed, POLICY, party, signer)


def _approval(proposal: int, rules: CharterRules, now: int) -> StandingPolicyApproved:
    return StandingPolicyApproved(v=1, effective_on=rules.in_force_from or shanghai_date(now), proposal=proposal)


def _key_holders(statements: Sequence[bytes]) -> dict[str, str]:
    """The parties of a charter by the thumbprints of their keys."""
    parsed = [parse_statement(one) for one in statements]
    said = [(one.subject, decode_event(one)) for one in parsed]
    return {decode_key(bytes.fromhex(event.key)).kid.hex(): at for at, event in said if isinstance(event, KeyEnrolled)}


def _roles_of(statements: Sequence[bytes], party: str) -> frozenset[str]:
    parsed = [one for one in map(parse_statement, statements) if one.subject == party]
    return frozenset(event.role for event in map(decode_event, parsed) if isinstance(event, RoleGranted))


def _enrolment(member: EnrolledParty, today: date, *, further: bool) -> Iterable[Event]:
    if not further:
        yield PartyEnrolled(v=1, effective_on=today, name_zh=member.name_zh, name_en=member.name_en)
    yield KeyEnrolled(
        v=1,
        effective_on=today,
        key=member.key.cose_key.hex(),
        proof=member.proof.hex(),
        officer=member.officer,
        valid_from=today,
    )
    for role in () if further else member.roles:
        yield RoleGranted(v=1, effective_on=today, role=role)


def _first(parties: Sequence[CharterParty], roles: Sequence[Role]) -> CharterParty:
    for party in parties:
        if not set(roles).isdisjoint(party.roles):
            return party
    raise Malformed(f"a charter needs a party with the role {' or '.join(roles)}")
