"""The two policies and the calendar: what may be registered, and what a standing counts.

All limits that are law or custom are data here, dated and signed, never constants in code. First what is
said, then what it adds up to; what may be said is in `ledger/domain/rules/policy.py`.
"""

from __future__ import annotations

from datetime import date

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    StandingPolicy,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)


class RegistrationPolicyInForce(Struct, frozen=True):
    """A registration policy, from `effective_on` (unless a later one took over), adopted by entry `index`."""

    effective_on: date
    index: int
    policy: RegistrationPolicyAdopted


class StandingPolicyInForce(Struct, frozen=True):
    """A standing policy, from `effective_on` (unless a later one took over), approved by entry `index`."""

    effective_on: date
    index: int
    proposal: int
    policy: StandingPolicy


class Proposal(Struct, frozen=True):
    """A standing policy that was proposed by `issuer` with key `kid`; `approved_at` is the approval's entry."""

    issuer: str
    kid: bytes
    policy: StandingPolicy
    approved_at: int | None = None


class Policies(Struct, frozen=True):
    """The stream `policy`: both kinds in order of the date from which they hold, proposals, calendars by year."""

    registration: tuple[RegistrationPolicyInForce, ...] = ()
    standing: tuple[StandingPolicyInForce, ...] = ()
    proposals: Map[int, Proposal] = Map()
    calendars: Map[int, WorkCalendarPublished] = Map()


def evolve_policies(policies: Policies, at: Recorded) -> Policies:
    """The policies after one more event of their stream."""
    event = at.event
    if isinstance(event, RegistrationPolicyAdopted):
        adopted = RegistrationPolicyInForce(event.effective_on, at.index, event)
        return replace(policies, registration=tuple(sorted((*policies.registration, adopted), key=_place)))
    if isinstance(event, StandingPolicyProposed):
        return replace(policies, proposals=policies.proposals.set(at.index, Proposal(at.issuer, at.kid, event.policy)))
    if isinstance(event, StandingPolicyApproved):
        proposal = policies.proposals[event.proposal]
        approved = StandingPolicyInForce(event.effective_on, at.index, event.proposal, proposal.policy)
        return replace(
            policies,
            standing=tuple(sorted((*policies.standing, approved), key=_place)),
            proposals=policies.proposals.set(event.proposal, replace(proposal, approved_at=at.index)),
        )
    if isinstance(event, WorkCalendarPublished):
        return replace(policies, calendars=policies.calendars.set(event.year, event))
    return policies


def _place(in_force: RegistrationPolicyInForce | StandingPolicyInForce) -> tuple[date, int]:
    return in_force.effective_on, in_force.index
