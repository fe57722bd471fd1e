"""A complete charter for tests: every role of the first half of the domain, each with its own officer and key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from msgspec import Struct

from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.party import Role
from ledger.keys.signer import Signer
from tests.support.clock import NOW
from tests.support.keys import log_keys, signer_for

__all__ = [
    "APPROVER",
    "DATA_OFFICER",
    "HANDLING_BODY",
    "HANDLING_BODY_2",
    "HANDLING_COLLEAGUE",
    "LABORATORY",
    "LABORATORY_2",
    "LOG_OPERATOR",
    "ORGANIZER",
    "ORGANIZER_2",
    "ORIGIN",
    "REGISTRAR",
    "REGULATOR",
    "REGULATOR_2",
    "ROOT",
    "Speaker",
    "charter",
]

ORIGIN = "test.credit-ledger.example/book"


class Speaker(Struct, frozen=True):
    """Somebody who can sign: a party, with the key and the pseudonym of one of its officers."""

    party: str
    signer: Signer
    officer: str
    roles: tuple[Role, ...] = ()

    def colleague(self, slug: str) -> Speaker:
        """A second officer of the same party, with a key of its own."""
        return Speaker(self.party, signer_for(slug), slug, self.roles)

    @classmethod
    def named(cls, slug: str, *roles: Role) -> Speaker:
        return cls(f"party:{slug}", signer_for(slug), f"{slug}-1", roles)


ROOT = Speaker.named("root")
REGISTRAR = Speaker.named("registrar", "registrar")
ORGANIZER = Speaker.named("organizer", "organizer")
APPROVER = Speaker.named("approver", "approver")
REGULATOR = Speaker.named("regulator", "regulator")
HANDLING_BODY = Speaker.named("handling-body", "handling_body")
HANDLING_COLLEAGUE = Speaker.named("handling-body-2", "handling_body")
DATA_OFFICER = Speaker.named("data-officer", "data_officer")
LABORATORY = Speaker.named("laboratory", "laboratory")
LOG_OPERATOR = Speaker.named("log-operator", "log_operator")
ORGANIZER_2 = ORGANIZER.colleague("organizer-2")
REGULATOR_2 = REGULATOR.colleague("regulator-2")
LABORATORY_2 = LABORATORY.colleague("laboratory-2")
HANDLING_BODY_2 = HANDLING_BODY.colleague("handling-body-1b")

MEMBERS = (
    REGISTRAR,
    ORGANIZER,
    APPROVER,
    REGULATOR,
    HANDLING_BODY,
    HANDLING_COLLEAGUE,
    DATA_OFFICER,
    LABORATORY,
    LOG_OPERATOR,
    ORGANIZER_2,
    REGULATOR_2,
    LABORATORY_2,
    HANDLING_BODY_2,
)


@cache
def _charter(now: int, in_force_from: date, origin: str) -> tuple[bytes, ...]:
    parties = [
        CharterParty(one.party, one.roles, f"测试{one.party}", f"Test {one.party}", one.officer, one.signer)
        for one in MEMBERS
    ]
    return tuple(
        make_charter(
            CharterRoot(ROOT.signer, ROOT.officer),
            FoundedLog(LogAnchors.of(log_keys(origin)), "测试账本", "Test book"),
            parties,
            CharterRules(
                default_registration_policy(in_force_from),
                default_standing_policy(),
                [calendar_2026()],
                in_force_from,
            ),
            now,
        )
    )


def charter(now: int = NOW, *, in_force_from: date = date(2026, 1, 1), origin: str = ORIGIN) -> Sequence[bytes]:
    """The statements, signed at `now`; both policies are in force from `in_force_from`."""
    return _charter(now, in_force_from, origin)
