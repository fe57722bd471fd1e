"""The charter: the pre-signed first statements of a log, and the file that they travel in.

In this order: trust anchors (by the root that they name), parties with their keys and roles (by the root),
registration policy, standing policy as proposed and as approved, work calendars. Made where the private keys
are; the service is given the file. The file is a CBOR sequence (RFC 8742) of the signed statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.cose.cbor import item_end
from ledger.cose.statement import decode_event, make_statement, parse_statement
from ledger.domain.events.base import Event
from ledger.domain.events.party import (
    KeyEnrolled,
    PartyEnrolled,
    Role,
    RoleGranted,
    SuccessionReason,
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
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
    "EnrolledParty",
    "LogAnchors",
    "calendar_2026",
    "charter_origin",
    "default_registration_policy",
    "default_standing_policy",
    "demo_charter",
    "draft_charter",
    "make_charter",
    "make_succession",
    "read_charter",
    "sign_charter",
    "unsigned_parts",
    "write_charter",
]

_COSE_SIGN1: Final = 0xD2  # tag 18
_DEMO_PARTIES: Final[Mapping[str, tuple[tuple[Role, ...], str]]] = {
    "registrar": (("registrar",), "登记员"),
    "organizer": (("organizer",), "组织方"),
    "approver": (("approver",), "规则批准方"),
    "regulator": (("regulator",), "监管部门"),
    "handling-body": (("handling_body",), "投诉承办单位"),
    "data-officer": (("data_officer",), "数据保护负责人"),
    "laboratory": (("laboratory",), "检验检测机构"),
    "log-operator": (("log_operator",), "账本运营方"),
}
# What one officer recorded is assessed, repaired and annulled by another: these parties have two.
_DEMO_SECOND_OFFICERS: Final = ("organizer", "regulator", "handling-body")


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


def make_charter(
    *,
    root: Signer,
    root_officer: str,
    anchors: LogAnchors,
    name_zh: str,
    name_en: str,
    parties: Sequence[CharterParty],
    registration_policy: RegistrationPolicyAdopted,
    standing_policy: StandingPolicy,
    calendars: Sequence[WorkCalendarPublished],
    now: int,
    standing_in_force_from: date | None = None,
    demo: bool = False,
) -> list[bytes]:
    """The statements of a charter, signed at `now` (Unix seconds). The same input gives the same bytes.

    The first party with the role organizer says the policies, the first with approver (or regulator) approves.
    The standing policy is in force from that day, or from `standing_in_force_from`. Raises `Malformed` where
    one of the two is missing.
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
            prove_possession(one.signer, one.party, anchors.origin),
        )
        for one in parties
    ]
    signed = draft_charter(
        root=root,
        root_officer=root_officer,
        anchors=anchors,
        name_zh=name_zh,
        name_en=name_en,
        parties=enrolled,
        now=now,
        demo=demo,
    )
    say = _Scribe(signed, anchors.origin, now).say
    proposal = _propose(say, organizer.party, organizer.signer, registration_policy, standing_policy, now)
    approved = StandingPolicyApproved(v=1, effective_on=standing_in_force_from or shanghai_date(now), proposal=proposal)
    say(approved, POLICY, approver.party, approver.signer)
    for calendar in calendars:
        say(calendar, POLICY, organizer.party, organizer.signer)
    return signed


def draft_charter(
    *,
    root: Signer,
    root_officer: str,
    anchors: LogAnchors,
    name_zh: str,
    name_en: str,
    parties: Sequence[EnrolledParty],
    now: int,
    demo: bool = False,
) -> list[bytes]:
    """The statements of a charter that its root signs, at `now`: trust anchors, parties, their keys and roles."""
    today, signed = shanghai_date(now), list[bytes]()
    say = _Scribe(signed, anchors.origin, now).say
    established = TrustAnchorsEstablished(
        v=1,
        effective_on=today,
        origin=anchors.origin,
        name_zh=name_zh,
        name_en=name_en,
        root_key=root.public.cose_key.hex(),
        root_officer=root_officer,
        checkpoint_vkey=anchors.checkpoint_vkey,
        receipt_key=anchors.receipt.cose_key.hex(),
        standing_key=anchors.standing.cose_key.hex(),
        demo=demo,
    )
    say(established, ROOT_PARTY, ROOT_PARTY, root)
    enrolled = set[str]()
    for member in parties:
        for event in _enrolment(member, today, further=member.party in enrolled):
            say(event, member.party, ROOT_PARTY, root)
        enrolled.add(member.party)
    return signed


def make_succession(*, root: Signer, keys: LogKeys, from_size: int, reason: SuccessionReason, now: int) -> bytes:
    """The root's statement that `keys` sign trees of `from_size` entries and more, signed at `now` (Unix seconds)."""
    anchors = LogAnchors.of(keys)
    event = TrustAnchorsSucceeded(
        v=1,
        effective_on=shanghai_date(now),
        from_size=from_size,
        checkpoint_vkey=anchors.checkpoint_vkey,
        receipt_key=anchors.receipt.cose_key.hex(),
        standing_key=anchors.standing.cose_key.hex(),
        reason=reason,
    )
    cti = sha256(f"{anchors.origin}\nsuccession\n{anchors.checkpoint_vkey}\n{from_size}".encode()).digest()[:16]
    return make_statement(
        event, subject=ROOT_PARTY, issuer=ROOT_PARTY, audience=anchors.origin, signer=root, iat=now, cti=cti
    )


def sign_charter(
    statements: Sequence[bytes],
    signer: Signer,
    *,
    registration_policy: RegistrationPolicyAdopted,
    standing_policy: StandingPolicy,
    calendars: Sequence[WorkCalendarPublished],
    in_force_from: date,
    now: int,
) -> list[bytes]:
    """A drafted charter with what the holder of `signer` has to add: an organizer the policies and work calendars,
    then an approver (or regulator) the approval, in force from that day.

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
        _propose(say, party, signer, registration_policy, standing_policy, now)
        for calendar in calendars:
            say(calendar, POLICY, party, signer)
    elif left[:1] == ["approver"] and not roles.isdisjoint(("approver", "regulator")):
        events = [decode_event(parse_statement(one)) for one in statements]
        proposal = next(at for at, event in enumerate(events) if isinstance(event, StandingPolicyProposed))
        say(StandingPolicyApproved(v=1, effective_on=in_force_from, proposal=proposal), POLICY, party, signer)
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
        self._signed.append(
            make_statement(
                event, subject=subject, issuer=issuer, audience=self._origin, signer=signer, iat=self._now, cti=cti
            )
        )
        return len(self._signed) - 1


def _propose(
    say: Callable[[Event, str, str, Signer], int],
    party: str,
    signer: Signer,
    registration: RegistrationPolicyAdopted,
    standing: StandingPolicy,
    now: int,
) -> int:
    """Both policies; the index of the standing policy's proposal."""
    say(registration, POLICY, party, signer)
    return say(StandingPolicyProposed(v=1, effective_on=shanghai_date(now), policy=standing), POLICY, party, signer)


def _key_holders(statements: Sequence[bytes]) -> dict[str, str]:
    """The parties of a charter by the thumbprints of their keys."""
    parsed = [parse_statement(one) for one in statements]
    said = [(one.subject, decode_event(one)) for one in parsed]
    return {decode_key(bytes.fromhex(event.key)).kid.hex(): at for at, event in said if isinstance(event, KeyEnrolled)}


def _roles_of(statements: Sequence[bytes], party: str) -> frozenset[str]:
    parsed = [one for one in map(parse_statement, statements) if one.subject == party]
    return frozenset(event.role for event in map(decode_event, parsed) if isinstance(event, RoleGranted))


def demo_charter(keys: LogKeys, signers: Mapping[str, Signer], now: int, since: int) -> list[bytes]:
    """A charter with the default policies, in force from the year `since` on, for a demonstration.

    `signers` by name: `root`, every party of it (`registrar`, `organizer`, `approver`, `regulator`, `handling-body`,
    `data-officer`, …) and three second officers (`organizer-2`, `regulator-2`, `handling-body-2`). Everything says
    演示, and so do the work calendars, from the year before `since` to the year after next.
    """
    first_day = date(since, 1, 1)
    parties = [
        CharterParty(f"party:{slug}", roles, f"演示{zh}", f"Demo {slug.replace('-', ' ')}", f"{slug}-1", signers[slug])
        for slug, (roles, zh) in _DEMO_PARTIES.items()
    ]
    parties += [
        replace(one, officer=f"{slug}-2", signer=signers[f"{slug}-2"])
        for slug in _DEMO_SECOND_OFFICERS
        for one in parties
        if one.party == f"party:{slug}"
    ]
    return make_charter(
        root=signers["root"],
        root_officer="root-1",
        anchors=LogAnchors.of(keys),
        name_zh="演示信用账本",
        name_en="Demo credit ledger",
        parties=parties,
        registration_policy=default_registration_policy(first_day),
        standing_policy=replace(default_standing_policy(), title_zh="演示规则", title_en="Demo policy"),
        calendars=[_demo_calendar(year, first_day) for year in range(since - 1, shanghai_date(now).year + 3)],
        now=now,
        standing_in_force_from=first_day,
        demo=True,
    )


def _demo_calendar(year: int, effective_on: date) -> WorkCalendarPublished:
    """Working days of a year as nobody published them: every weekday. Where the real ones are known, these."""
    if year == 2026:
        return calendar_2026()
    return WorkCalendarPublished(
        v=1,
        effective_on=effective_on,
        legal_basis="演示日历: 只有周末休息, 并非国务院公布 · made up for a demonstration: weekends only",
        year=year,
        holidays=(),
        workdays=(),
    )


def write_charter(statements: Iterable[bytes]) -> bytes:
    """The charter's file: a CBOR sequence (RFC 8742)."""
    return b"".join(statements)


def read_charter(data: bytes) -> list[bytes]:
    """The statements of a charter's file. Form only: `Sequencer.bootstrap` checks them. Raises `Malformed`."""
    statements: list[bytes] = []
    start = 0
    while start < len(data):
        # a statement is a tagged item: one byte (COSE_Sign1, RFC 9052 §4.2), then an array
        if data[start] != _COSE_SIGN1:
            raise Malformed(f"the charter holds something else than a signed statement at byte {start}")
        end = item_end(data, start + 1)
        statements.append(parse_statement(data[start:end]).raw)
        start = end
    if not statements:
        raise Malformed("an empty charter")
    return statements


def charter_origin(statements: Sequence[bytes]) -> str:
    """The name of the log that a charter is for. Raises `Malformed`."""
    event = decode_event(parse_statement(statements[0]))
    if not isinstance(event, TrustAnchorsEstablished):
        raise Malformed("a charter begins with the trust anchors")
    return event.origin


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
