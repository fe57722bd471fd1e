"""The charter: the pre-signed first statements of a log, and the file that they travel in.

In this order: trust anchors (by the root that they name), parties with their keys and roles (by the root),
registration policy, standing policy as proposed and as approved, work calendars. Made where the private keys
are; the service is given the file. The file is a CBOR sequence (RFC 8742) of the signed statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from ledger.keys.algorithms import PublicKey
from ledger.keys.log_keys import LogKeys
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer

__all__ = [
    "CharterParty",
    "LogAnchors",
    "calendar_2026",
    "charter_origin",
    "default_registration_policy",
    "default_standing_policy",
    "demo_charter",
    "make_charter",
    "make_succession",
    "read_charter",
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
    today = shanghai_date(now)
    organizer = _first(parties, ("organizer",))
    approver = _first(parties, ("approver", "regulator"))
    signed: list[bytes] = []

    def say(event: Event, subject: str, issuer: str, signer: Signer) -> int:
        cti = sha256(f"{anchors.origin}\ncharter\n{len(signed)}".encode()).digest()[:16]
        signed.append(
            make_statement(
                event, subject=subject, issuer=issuer, audience=anchors.origin, signer=signer, iat=now, cti=cti
            )
        )
        return len(signed) - 1

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
        for event in _enrolment(member, today, anchors.origin, further=member.party in enrolled):
            say(event, member.party, ROOT_PARTY, root)
        enrolled.add(member.party)
    say(registration_policy, POLICY, organizer.party, organizer.signer)
    proposed = StandingPolicyProposed(v=1, effective_on=today, policy=standing_policy)
    proposal = say(proposed, POLICY, organizer.party, organizer.signer)
    approved = StandingPolicyApproved(v=1, effective_on=standing_in_force_from or today, proposal=proposal)
    say(approved, POLICY, approver.party, approver.signer)
    for calendar in calendars:
        say(calendar, POLICY, organizer.party, organizer.signer)
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


def demo_charter(keys: LogKeys, signers: Mapping[str, Signer], now: int, since: int) -> list[bytes]:
    """A charter with the default policies, in force from the year `since` on, for a demonstration.

    `signers` by name: `root` and every party of it (`registrar`, `organizer`, `approver`, `regulator`,
    `handling-body`, `data-officer`). Everything says 演示, and so do the work calendars, from the year before `since`
    to the year after next.
    """
    first_day = date(since, 1, 1)
    parties = [
        CharterParty(f"party:{slug}", roles, f"演示{zh}", f"Demo {slug.replace('-', ' ')}", f"{slug}-1", signers[slug])
        for slug, (roles, zh) in _DEMO_PARTIES.items()
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


def _enrolment(member: CharterParty, today: date, origin: str, *, further: bool) -> Iterable[Event]:
    if not further:
        yield PartyEnrolled(v=1, effective_on=today, name_zh=member.name_zh, name_en=member.name_en)
    yield KeyEnrolled(
        v=1,
        effective_on=today,
        key=member.signer.public.cose_key.hex(),
        proof=prove_possession(member.signer, member.party, origin).hex(),
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
