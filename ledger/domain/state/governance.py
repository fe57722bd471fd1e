"""Who may say what, under which rules: all parties, policies and campaigns at one position of the log.

Folded from the streams of parties, policies and campaigns in log order. A value never changes: each entry
gives a new one that shares almost everything with the one before.
"""

from __future__ import annotations

from datetime import date

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.events.party import TrustAnchorsEstablished, TrustAnchorsSucceeded
from ledger.domain.events.policy import RegistrationPolicy, StandingPolicy, WorkCalendarPublished
from ledger.domain.state.access_log import DigestOfDay, evolve_accesses
from ledger.domain.state.campaign import CampaignState, evolve_campaign
from ledger.domain.state.completeness_map import MapRoot, evolve_map
from ledger.domain.state.party import EnrolledKey, Parties, PartyRecord, evolve_parties
from ledger.domain.state.policy import Policies, evolve_policies
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import kind

__all__ = ["Governance", "evolve_governance"]


class Governance(Struct, frozen=True):
    """The state of all governing streams. `size` is one more than the index of the newest entry taken in, `ruled_size`
    the same of those about policies and campaigns."""

    size: int = 0
    ruled_size: int = 0
    anchors: TrustAnchorsEstablished | None = None
    parties_and_keys: Parties = Parties()
    campaigns: Map[str, CampaignState] = Map()
    policies: Policies = Policies()
    access_digest: DigestOfDay | None = None
    map_roots: tuple[MapRoot, ...] = ()  # the newest, oldest first
    given_up: tuple[HistoryGivenUp, ...] = ()  # oldest first
    successions: tuple[TrustAnchorsSucceeded, ...] = ()  # of the log's own keys, in log order

    @classmethod
    def empty(cls) -> Governance:
        """Before the first entry."""
        return cls()

    @property
    def origin(self) -> str | None:
        """The name of the log, None before the first entry."""
        return None if self.anchors is None else self.anchors.origin

    def anchors_at(self, size: int) -> TrustAnchorsEstablished | TrustAnchorsSucceeded | None:
        """What names the log's own keys for trees of `size` entries; None before the first entry."""
        for succeeded in reversed(self.successions):
            if succeeded.from_size <= size:
                return succeeded
        return self.anchors

    @property
    def parties(self) -> Map[str, PartyRecord]:
        return self.parties_and_keys.by_id

    @property
    def keys(self) -> Map[bytes, EnrolledKey]:
        return self.parties_and_keys.keys

    @property
    def calendars(self) -> Map[int, WorkCalendarPublished]:
        """By year."""
        return self.policies.calendars

    def roles(self, party: str) -> frozenset[str]:
        """The roles that the party holds here; none if it is not enrolled."""
        record = self.parties.get(party)
        return frozenset() if record is None else record.roles

    def accredited(self, cma: str, on: date) -> str | None:
        """The laboratory that is accredited under a CMA number on a day, None where none is."""
        accreditation = self.parties_and_keys.accreditations.get(cma)
        return None if accreditation is None or not accreditation.valid_on(on) else accreditation.party

    def officer(self, kid: bytes) -> str | None:
        """The pseudonym of the person who holds a key: "another person" is decided by this."""
        key = self.keys.get(kid)
        return None if key is None else key.officer

    def registration_policy(self, on: date) -> RegistrationPolicy | None:
        """The registration policy in force on a day."""
        for in_force in reversed(self.policies.registration):
            if in_force.effective_on <= on:
                return in_force.policy
        return None

    def standing_policy(self, on: date) -> tuple[int, StandingPolicy] | None:
        """The standing policy in force on a day, with the index of the entry that approved it."""
        for in_force in reversed(self.policies.standing):
            if in_force.effective_on <= on:
                return in_force.index, in_force.policy
        return None

    def disputed(self, kid: bytes, index: int, recorded_at: int) -> bool:
        """Whether the entry at `index`, signed with key `kid`, lies in the time in which the key was compromised.

        Such an entry stays, is shown as disputed, and needs confirming or repudiating. `recorded_at` in Unix
        seconds.
        """
        key = self.keys.get(kid)
        if key is None or key.compromised_since is None or key.ended_at is None:
            return False
        return index < key.ended_at and shanghai_date(recorded_at) >= key.compromised_since


def evolve_governance(governance: Governance, at: Recorded) -> Governance:
    """The state after one more entry of a governing stream; entries of other streams are none of its business."""
    size = at.index + 1
    match kind(at.subject):
        case "party":
            parties = evolve_parties(governance.parties_and_keys, at)
            anchors = at.event if isinstance(at.event, TrustAnchorsEstablished) else governance.anchors
            successions = governance.successions
            if isinstance(at.event, TrustAnchorsSucceeded):
                successions = (*successions, at.event)
            return replace(governance, size=size, parties_and_keys=parties, anchors=anchors, successions=successions)
        case "policy":
            policies = evolve_policies(governance.policies, at)
            return replace(governance, size=size, ruled_size=size, policies=policies)
        case "campaign":
            campaign = evolve_campaign(governance.campaigns.get(at.subject), at)
            if campaign is None:
                return replace(governance, size=size, ruled_size=size)
            campaigns = governance.campaigns.set(at.subject, campaign)
            return replace(governance, size=size, ruled_size=size, campaigns=campaigns)
        case "access":
            return replace(governance, size=size, access_digest=evolve_accesses(governance.access_digest, at))
        case "map":
            if isinstance(at.event, HistoryGivenUp):
                return replace(governance, size=size, given_up=(*governance.given_up, at.event))
            return replace(governance, size=size, map_roots=evolve_map(governance.map_roots, at))
    return governance
