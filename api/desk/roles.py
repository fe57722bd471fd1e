"""Who is at a desk: an officer of a party, by the book as it is now; and what each role's desk shows.

The one place in which it is decided who sees which desk. Nothing is remembered here: every request looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.pages.words import Word
from api.service.policy_comparisons import COMPARERS
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.role_names import ROLE_NAMES
from ledger.domain.values.subject import is_enterprise
from ledger.errors import Refused
from ledger.store.desk_sessions import DeskSession

__all__ = ["ROLES", "EndedSession", "Officer", "officer_of"]

ROLES: Final[Mapping[str, Word]] = {
    "root": Word(ROLE_NAMES["root"], "root"),
    "registrar": Word(ROLE_NAMES["registrar"], "registrar"),
    "organizer": Word(ROLE_NAMES["organizer"], "organizer"),
    "approver": Word(ROLE_NAMES["approver"], "approver"),
    "regulator": Word(ROLE_NAMES["regulator"], "regulator"),
    "laboratory": Word(ROLE_NAMES["laboratory"], "laboratory"),
    "handling_body": Word(ROLE_NAMES["handling_body"], "handling body"),
    "data_officer": Word(ROLE_NAMES["data_officer"], "data officer"),
    "log_operator": Word(ROLE_NAMES["log_operator"], "log operator"),
}


class EndedSession(Exception):
    """A session that counts no more; `why` is `over`, `key` or `role`, for the page that says so."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who is signed in. `roles` are those that the party holds now."""

    session: DeskSession
    party: str
    officer: str
    name_zh: str
    name_en: str | None
    roles: frozenset[str]

    @property
    def enterprise(self) -> str | None:
        """The enterprise that the party is; None for others."""
        subject = self.party.removeprefix("party:")
        return subject if ":" in subject and is_enterprise(subject) else None

    @property
    def enrols_keys(self) -> bool:
        """Whether the keys that wait for somebody else than their own party are this desk's work."""
        return not self.roles.isdisjoint(("registrar", "root"))

    @property
    def sees_all_pending(self) -> bool:
        """Whether the pledges of all enterprises that wait are this desk's work."""
        return "organizer" in self.roles

    @property
    def sees_closed(self) -> bool:
        """Whether bodies that are not public, and the log of who read them, are for this officer; each look is logged,
        as that of a signed request of the same party is (`api/service/signed_requests.py`)."""
        return not self.roles.isdisjoint(("regulator", "data_officer"))

    @property
    def watches_log(self) -> bool:
        """Whether the state of the log itself, audits of it, and standings at any size are this desk's work."""
        return not self.roles.isdisjoint(("regulator", "log_operator"))

    @property
    def compares_policies(self) -> bool:
        """Whether proposed policies, and who would have another level under them, are for this officer."""
        return not self.roles.isdisjoint(COMPARERS)

    @property
    def imports_rosters(self) -> bool:
        """Whether campaigns' rosters are handed in at this desk."""
        return "organizer" in self.roles

    @property
    def sends_notices(self) -> bool:
        """Whether what could not be told to somebody outside is this desk's work, but for complaints."""
        return not self.roles.isdisjoint(("organizer", "log_operator"))

    @property
    def sees_outbox(self) -> bool:
        """Whether some of it is; a handling body's are the notices of its own complaint files."""
        return self.sends_notices or "handling_body" in self.roles

    def sees_pending_of(self, subject: str) -> bool:
        """Whether what an enterprise laid at the desk is for this officer: the enterprise itself, and organizers."""
        return self.sees_all_pending or self.enterprise == subject


def officer_of(session: DeskSession, governance: Governance, now: int) -> Officer:
    """Whose session it is, if it still counts. Raises `EndedSession`: its time is over, its key is no longer good, or
    a role that the party held at the sign-in was taken from it."""
    if not session.lasts(now):
        raise EndedSession("over")
    try:
        key = usable_key(governance, session.kid, session.party, shanghai_date(now))
    except Refused:
        raise EndedSession("key") from None
    roles = governance.roles(session.party)
    if not session.roles <= roles:
        raise EndedSession("role")
    record = governance.parties[session.party]
    return Officer(session, session.party, key.officer, record.name_zh, record.name_en, roles)
