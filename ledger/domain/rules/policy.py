"""What may be said about policies and the calendar: never retroactive, and never by one person alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from ledger.domain.events.policy import (
    RegistrationPolicy,
    RegistrationPolicyAdopted,
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)
from ledger.domain.rules.policy_conditions import require_flawless
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.governance import Governance
from ledger.domain.state.policy import Proposal
from ledger.domain.values.working_days import works_by
from ledger.errors import Refused
from ledger.limits import (
    CALENDAR_NOTICE_DAYS_MIN,
    COMPLAINT_NOTICE_WORKING_DAYS_MIN,
    KEY_RECOVERY_DAYS_MIN,
    PLEDGE_MONTHS_MIN,
)

__all__ = ["EVENTS"]

_SATURDAY = 5
_Facts = tuple[UniqueFact, ...]


def adopt_registration_policy(governance: Governance, event: RegistrationPolicyAdopted, ctx: Context) -> _Facts:
    """In the charter alone: a later policy is proposed, and approved by another party. Above the floors."""
    if not ctx.bootstrap:
        raise Refused(
            "policy.needs_approval",
            "登记规则须由组织方提案、另一主体批准；只有章程可以直接采用",
            "a registration policy is proposed, and approved by another party; a charter alone adopts one",
            ctx.issuer,
        )
    _above_floors(event.policy)
    return ()


def propose_registration_policy(governance: Governance, event: RegistrationPolicyProposed, ctx: Context) -> _Facts:
    """A document that undercuts no floor: five working days of notice, three days of recovery, a month of pledge."""
    _above_floors(event.policy)
    return ()


def approve_registration_policy(governance: Governance, event: RegistrationPolicyApproved, ctx: Context) -> _Facts:
    """Of an open proposal, by another party and another person, not retroactive, above the floors."""
    proposal = _open_proposal(governance, governance.policies.registration_proposals, event.proposal, ctx)
    _above_floors(proposal.policy)
    _not_retroactive(event.effective_on, ctx)
    return ()


def propose_standing_policy(governance: Governance, event: StandingPolicyProposed, ctx: Context) -> _Facts:
    """A document that can be applied to everybody; else refused, with every place that is wrong."""
    require_flawless(event.policy)
    return ()


def approve_standing_policy(governance: Governance, event: StandingPolicyApproved, ctx: Context) -> _Facts:
    """Of an open proposal, by another party and another person, not retroactive."""
    proposal = _open_proposal(governance, governance.policies.proposals, event.proposal, ctx)
    require_flawless(proposal.policy)
    _not_retroactive(event.effective_on, ctx)
    return ()


def publish_calendar(governance: Governance, event: WorkCalendarPublished, ctx: Context) -> _Facts:
    """Exceptions of one year; a later one replaces it, and changes no day that is nearer than 14 days."""
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
    _changes_no_near_day(governance.calendars.get(event.year), event, ctx)
    return ()


def _changes_no_near_day(before: WorkCalendarPublished | None, event: WorkCalendarPublished, ctx: Context) -> None:
    """Periods that run count working days: who waits for one keeps the days that were said."""
    if before is None:
        return
    first = ctx.today + timedelta(days=CALENDAR_NOTICE_DAYS_MIN)
    named = {*before.holidays, *before.workdays, *event.holidays, *event.workdays}
    for day in sorted(day for day in named if day < first):
        if works_by(before, day) != works_by(event, day):
            raise Refused(
                "calendar.change_too_soon",
                f"新日历最早可更改 {first} 起的日期",
                f"a calendar changes no day earlier than {CALENDAR_NOTICE_DAYS_MIN} days after its recording, {first}",
                str(day),
            )


def _open_proposal(
    governance: Governance, proposals: Mapping[int, Proposal[Any]], index: int, ctx: Context
) -> Proposal[Any]:
    """The proposal at entry `index`, which was not approved and is another party's and another person's."""
    proposal = proposals.get(index)
    if proposal is None:
        raise Refused(
            "policy.no_such_proposal",
            "该条记录不是此类规则的提案",
            "that entry is not a proposal of a policy of this kind",
            str(index),
        )
    if proposal.approved_at is not None:
        raise Refused(
            "policy.already_approved",
            f"该提案已由第 {proposal.approved_at} 条记录批准",
            f"the proposal was already approved by entry {proposal.approved_at}",
            str(index),
        )
    if proposal.issuer == ctx.issuer or governance.officer(proposal.kid) == ctx.officer:
        raise Refused(
            "policy.own_proposal",
            "提案者不能批准自己的提案：须由另一主体、另一人批准",
            "a proposal is approved by another party and another person than proposed it",
            ctx.issuer,
        )
    return proposal


def _above_floors(policy: RegistrationPolicy) -> None:
    """What enterprises and key holders are owed, whatever is proposed and approved."""
    for rule, given, floor, zh, en in (
        (
            "policy.notice_floor",
            policy.complaint_notice_working_days,
            COMPLAINT_NOTICE_WORKING_DAYS_MIN,
            "公布前的告知期不得少于 {} 个工作日",
            "notice before publication has at least {} working days",
        ),
        (
            "policy.recovery_floor",
            policy.key_recovery_days,
            KEY_RECOVERY_DAYS_MIN,
            "密钥恢复的等待期不得少于 {} 天",
            "a recovered key waits for at least {} days",
        ),
        (
            "policy.pledge_months_floor",
            policy.pledge_months_max,
            PLEDGE_MONTHS_MIN,
            "承诺有效期上限不得少于 {} 个月",
            "pledges may last for at least {} month",
        ),
    ):
        if given < floor:
            raise Refused(rule, zh.format(floor), en.format(floor), str(given))


def _not_retroactive(effective_on: date, ctx: Context) -> None:
    if effective_on < ctx.today and not ctx.bootstrap:
        raise Refused(
            "policy.retroactive",
            f"规则不溯及既往：生效日期不能早于登记当日 {ctx.today}",
            f"a policy is never retroactive: it may take effect on the day of recording, {ctx.today}, or later",
            str(effective_on),
        )


EVENTS: Final = (
    spec("policy", RegistrationPolicyAdopted, ("organizer",), adopt_registration_policy, begins_later=True),
    spec("policy", RegistrationPolicyProposed, ("organizer",), propose_registration_policy),
    spec(
        "policy", RegistrationPolicyApproved, ("approver", "regulator"), approve_registration_policy, begins_later=True
    ),
    spec("policy", StandingPolicyProposed, ("organizer",), propose_standing_policy),
    spec("policy", StandingPolicyApproved, ("approver", "regulator"), approve_standing_policy, begins_later=True),
    spec("policy", WorkCalendarPublished, ("organizer",), publish_calendar, begins_later=True),
)
