"""What may be said about repairs: by whom, when at the earliest, and each application answered once."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.events.repair import RepairApplied, RepairApproved, RepairRefused, RepairRescinded
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import counting_entry, entry_of, officer_of_no_version, same_party
from ledger.domain.rules.findings_on_record import findings_at, holds_at
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.petition import Petition, PetitionDecision, decision_on
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.repair import REPAIRS
from ledger.domain.values.dates import add_months
from ledger.errors import Refused
from ledger.limits import REPAIRS_MAX

__all__ = ["EVENTS", "repairable_from"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def apply(record: _Record, event: RepairApplied, ctx: Context) -> _Facts:
    """For an entry that counts against the enterprise, while nothing is asked or granted for it."""
    record = require_registered(record, ctx)
    counting_entry(record, event.entry, ctx)
    if not findings_at(record, event.entry) and not holds_at(record, event.entry):
        raise Refused(
            "repair.nothing_to_repair",
            "该条记录没有可修复的不利内容；更正过的请写最初那条记录",
            "this entry holds nothing against the enterprise; of one that was corrected, name the first entry",
            str(event.entry),
        )
    repairs, gone = REPAIRS.of(record), record.repudiated
    applications = [one for one in repairs.about(event.entry, gone) if isinstance(one, Petition)]
    for one in applications:
        decided = decision_on(repairs, one, gone)
        if decided is None:
            raise Refused(
                "repair.already_applied",
                f"第 {one.index} 条申请尚未答复",
                f"the application at entry {one.index} is still open",
                str(event.entry),
            )
        if decided.how == "approved" and decision_on(repairs, decided, gone) is None:
            raise Refused(
                "repair.already_repaired",
                f"该条记录已由第 {decided.index} 条记录修复",
                f"the entry was repaired already, by entry {decided.index}",
                str(event.entry),
            )
    if len(applications) >= REPAIRS_MAX:
        raise Refused(
            "repair.max",
            f"对一条记录最多申请 {REPAIRS_MAX} 次",
            f"a repair of one entry is applied for {REPAIRS_MAX} times at most",
        )
    return ()


def approve(record: _Record, event: RepairApproved, ctx: Context) -> _Facts:
    """By the body that made the record, of an open application, after the minimum period of the entry's tier.

    By an officer who signed none of the versions of that record.
    """
    record = require_registered(record, ctx)
    application = _open_application(record, event.application, event.entry, ctx)
    counting_entry(record, event.entry, ctx)
    _not_before(application, event.effective_on)
    in_force = ctx.governance.standing_policy(event.effective_on)
    if in_force is None:
        raise Refused(
            "repair.no_policy",
            "该日没有生效的践诺规则，无法确定最短期限",
            "no standing policy is in force on that day, so there is no minimum period to go by",
            str(event.effective_on),
        )
    earliest = repairable_from(record, event.entry, in_force[1])
    if earliest is not None and event.effective_on < earliest:
        raise Refused(
            "repair.too_early",
            f"最短期限未满：最早 {earliest} 起可以修复",
            f"the minimum period is not over: a repair may take effect from {earliest}",
            str(event.effective_on),
        )
    return ()


def refuse(record: _Record, event: RepairRefused, ctx: Context) -> _Facts:
    """By the body that made the record, of an open application, by an officer who signed none of its versions."""
    record = require_registered(record, ctx)
    _not_before(_open_application(record, event.application, event.entry, ctx), event.effective_on)
    return ()


def rescind(record: _Record, event: RepairRescinded, ctx: Context) -> _Facts:
    """By the body that made the record, of an approval that stands, by an officer who signed none of its versions."""
    record = require_registered(record, ctx)
    repairs, gone = REPAIRS.of(record), record.repudiated
    approval = repairs.entries.get(event.approval)
    if not isinstance(approval, PetitionDecision) or approval.how != "approved" or event.approval in gone:
        raise Refused(
            "repair.no_such_approval",
            "该条记录不是修复决定（或其正文已删除、已被否认）",
            "this entry approves no repair (or its body is erased, or it was repudiated)",
            str(event.approval),
        )
    _same_entry(approval, event.entry)
    same_party(entry_of(record, event.entry, ctx), ctx, "repair.other_body")
    officer_of_no_version(record, event.entry, ctx, "repair.same_officer")
    if decision_on(repairs, approval, gone) is not None:
        raise Refused(
            "repair.rescinded_once",
            "该修复决定已被撤销",
            "this repair was rescinded already",
            str(event.approval),
        )
    _not_before(approval, event.effective_on)
    return ()


def repairable_from(record: EnterpriseRecord, entry: int, policy: StandingPolicy) -> date | None:
    """The first day on which a repair of the entry may take effect; None where the policy sets no period.

    Of several findings of one entry the longest period holds.
    """
    tiers = {rule.item: rule.tier for rule in policy.rules}
    months = {hold.item: hold.repair_after_months for hold in policy.holds}
    days = [
        add_months(one.on, policy.repair_after_months[tiers[one.item]])
        for one in findings_at(record, entry)
        if one.item in tiers
    ]
    days += [add_months(one.on, months[one.item]) for one in holds_at(record, entry) if one.item in months]
    return max(days, default=None)


def _open_application(record: EnterpriseRecord, index: int, entry: int, ctx: Context) -> Petition:
    repairs, gone = REPAIRS.of(record), record.repudiated
    application = repairs.entries.get(index)
    if not isinstance(application, Petition) or index in gone:
        raise Refused(
            "repair.no_such_application",
            "该条记录不是修复申请（或其正文已删除、已被否认）",
            "this entry applies for no repair (or its body is erased, or it was repudiated)",
            str(index),
        )
    _same_entry(application, entry)
    same_party(entry_of(record, entry, ctx), ctx, "repair.other_body")
    officer_of_no_version(record, entry, ctx, "repair.same_officer")
    decided = decision_on(repairs, application, gone)
    if decided is not None:
        raise Refused(
            "repair.already_decided",
            f"该申请已由第 {decided.index} 条记录答复",
            f"this application was answered already, by entry {decided.index}",
            str(index),
        )
    return application


def _same_entry(earlier: Petition | PetitionDecision, entry: int) -> None:
    if earlier.about != entry:
        raise Refused(
            "repair.other_entry",
            f"申请针对的是第 {earlier.about} 条记录",
            f"the application is about entry {earlier.about}",
            str(entry),
        )


def _not_before(earlier: Petition | PetitionDecision, on: date) -> None:
    if on < earlier.effective_on:
        raise Refused(
            "repair.date_order",
            f"生效日期不得早于 {earlier.effective_on}",
            f"it takes effect on {earlier.effective_on}, the day of what it answers, or later",
            str(on),
        )


_BODIES: Final = ("organizer", "regulator", "handling_body", "laboratory")
EVENTS: Final = (
    spec("enterprise", RepairApplied, ("self",), apply, "sealed"),
    spec("enterprise", RepairApproved, _BODIES, approve, "sealed"),
    spec("enterprise", RepairRefused, _BODIES, refuse, "sealed"),
    spec("enterprise", RepairRescinded, _BODIES, rescind, "sealed"),
)
