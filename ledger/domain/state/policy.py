"""The two policies and the calendar: what may be registered, and what a standing counts.

All limits that are law or custom are data here, dated and signed, never constants in code. First what is
said, then what it adds up to; what may be said is in `ledger/domain/rules/policy.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.policy import (
    RegistrationPolicy,
    RegistrationPolicyAdopted,
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
    StandingPolicy,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)

Document = TypeVar("Document")


class RegistrationPolicyInForce(Struct, frozen=True):
    """A registration policy, from `effective_on` (unless a later one took over), by the entry `index`."""

    effective_on: date
    index: int
    policy: RegistrationPolicy


class StandingPolicyInForce(Struct, frozen=True):
    """A standing policy, from `effective_on` (unless a later one took over), approved by entry `index`."""

    effective_on: date
    index: int
    proposal: int
    policy: StandingPolicy


class Proposal(Struct, Generic[Document], frozen=True):
    """A policy that was proposed by `issuer` with key `kid`; `approved_at` is the approval's entry."""

    issuer: str
    kid: bytes
    policy: Document
    approved_at: int | None = None


class Policies(Struct, frozen=True):
    """The stream `policy`: both kinds in order of the date from which they hold, proposals, calendars by year."""

    registration: tuple[RegistrationPolicyInForce, ...] = ()
    standing: tuple[StandingPolicyInForce, ...] = ()
    proposals: Map[int, Proposal[StandingPolicy]] = Map()
    registration_proposals: Map[int, Proposal[RegistrationPolicy]] = Map()
    calendars: Map[int, WorkCalendarPublished] = Map()


def evolve_policies(policies: Policies, at: Recorded) -> Policies:
    """The policies after one more event of their stream."""
    event = at.event
    if isinstance(event, RegistrationPolicyAdopted):
        return _in_force(policies, RegistrationPolicyInForce(event.effective_on, at.index, event.policy))
    if isinstance(event, RegistrationPolicyProposed):
        made = Proposal(at.issuer, at.kid, event.policy)
        return replace(policies, registration_proposals=policies.registration_proposals.set(at.index, made))
    if isinstance(event, RegistrationPolicyApproved):
        answered = policies.registration_proposals[event.proposal]
        proposals = policies.registration_proposals.set(event.proposal, replace(answered, approved_at=at.index))
        in_force = RegistrationPolicyInForce(event.effective_on, at.index, answered.policy)
        return _in_force(replace(policies, registration_proposals=proposals), in_force)
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


def _in_force(policies: Policies, policy: RegistrationPolicyInForce) -> Policies:
    return replace(policies, registration=tuple(sorted((*policies.registration, policy), key=_place)))


def _place(in_force: RegistrationPolicyInForce | StandingPolicyInForce) -> tuple[date, int]:
    return in_force.effective_on, in_force.index
