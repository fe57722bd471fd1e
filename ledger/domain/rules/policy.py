"""What may be said about policies and the calendar: never retroactive, and never by one person alone."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain.events.policy import (
    RegistrationPolicyAdopted,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)
from ledger.domain.rules.context import Context, UniqueFact
from ledger.domain.rules.policy_conditions import require_flawless
from ledger.domain.rules.spec import spec
from ledger.domain.state.governance import Governance
from ledger.errors import Refused

__all__ = ["EVENTS"]

_SATURDAY = 5
_Facts = tuple[UniqueFact, ...]


def adopt_registration_policy(governance: Governance, event: RegistrationPolicyAdopted, ctx: Context) -> _Facts:
    """In force from the day of recording or later."""
    _not_retroactive(event.effective_on, ctx)
    return ()


def propose_standing_policy(governance: Governance, event: StandingPolicyProposed, ctx: Context) -> _Facts:
    """A document that can be applied to everybody; else refused, with every place that is wrong."""
    require_flawless(event.policy)
    return ()


def approve_standing_policy(governance: Governance, event: StandingPolicyApproved, ctx: Context) -> _Facts:
    """Of an open proposal, by another party and another person, not retroactive."""
    proposal = governance.policies.proposals.get(event.proposal)
    if proposal is None:
        raise Refused(
            "policy.no_such_proposal",
            "该条记录不是践诺规则的提案",
            "that entry is not a proposal of a standing policy",
            str(event.proposal),
        )
    if proposal.approved_at is not None:
        raise Refused(
            "policy.already_approved",
            f"该提案已由第 {proposal.approved_at} 条记录批准",
            f"the proposal was already approved by entry {proposal.approved_at}",
            str(event.proposal),
        )
    if proposal.issuer == ctx.issuer or governance.officer(proposal.kid) == ctx.officer:
        raise Refused(
            "policy.own_proposal",
            "提案者不能批准自己的提案: 须由另一主体、另一人批准",
            "a proposal is approved by another party and another person than proposed it",
            ctx.issuer,
        )
    require_flawless(proposal.policy)
    _not_retroactive(event.effective_on, ctx)
    return ()


def publish_calendar(governance: Governance, event: WorkCalendarPublished, ctx: Context) -> _Facts:
    """Exceptions of one year; a later one replaces it."""
    for day in (*event.holidays, *event.workdays):
        if day.year != event.year:
            raise Refused("calendar.other_year", "日期不属于该年度", "a date lies in another year", str(day))
    for day in event.holidays:
        if day.weekday() >= _SATURDAY:
            raise Refused("calendar.holiday_on_weekend", "节假日只列工作日", "holidays list weekdays only", str(day))
    for day in event.workdays:
        if day.weekday() < _SATURDAY:
            raise Refused(
                "calendar.workday_on_weekday",
                "调休上班日只列周末",
                "working days list weekend days only",
                str(day),
            )
    return ()


def _not_retroactive(effective_on: date, ctx: Context) -> None:
    if effective_on < ctx.today and not ctx.bootstrap:
        raise Refused(
            "policy.retroactive",
            f"规则不溯及既往: 生效日期不能早于登记当日 {ctx.today}",
            f"a policy is never retroactive: it may take effect on the day of recording, {ctx.today}, or later",
            str(effective_on),
        )


EVENTS: Final = (
    spec("policy", RegistrationPolicyAdopted, ("organizer",), adopt_registration_policy, begins_later=True),
    spec("policy", StandingPolicyProposed, ("organizer",), propose_standing_policy),
    spec(
        "policy",
        StandingPolicyApproved,
        ("approver", "regulator"),
        approve_standing_policy,
        begins_later=True,
    ),
    spec("policy", WorkCalendarPublished, ("organizer",), publish_calendar, begins_later=True),
)
