"""What may be said about objections: to anything that others put on record, and decided by somebody else."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.objection import ObjectionFiled, ObjectionRejected, ObjectionUpheld
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import counting_entry, entry_of, officer_of_no_version
from ledger.domain.rules.findings_on_record import findings_at, holds_at
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.breach import BREACHES, root_of
from ledger.domain.state.objection import OBJECTIONS
from ledger.domain.state.petition import Petition, decision_on
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import PledgeState
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import OBJECTIONS_MAX

__all__ = ["EVENTS"]

_REVOCATION: Final = "PledgeRevoked"
_CORRECTIONS: Final = frozenset(("ComplaintOutcomeCorrected", "BreachCorrected"))
# Sealed, and shown while its window lasts.
_SHOWN: Final = frozenset(
    (
        "AgreementDefaulted",
        "AgreementPerformed",
        "BelowRecommendedNoted",
        "ComplaintOutcomeRecorded",
        "FindingAnnulled",
        "FindingRecorded",
        "PublicRecordCited",
        "PublicRecordRechecked",
        "RepairApproved",
        "RepairRefused",
        "RepairRescinded",
    )
)
_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def file(record: _Record, event: ObjectionFiled, ctx: Context) -> _Facts:
    """To any entry of the stream that others made and that stands, whether it costs points or not; one at a time."""
    record = require_registered(record, ctx)
    ref = counting_entry(record, event.entry, ctx)
    if ref.issuer == ctx.issuer:
        raise Refused(
            "objection.own_statement",
            "企业自己的声明不能提出异议：请更正、撤回或否认",
            "an enterprise does not object to its own statement: it corrects, withdraws or repudiates it",
            str(event.entry),
        )
    if ref.type in _CORRECTIONS:
        raise Refused(
            "objection.first_entry",
            "更正过的请写最初那条记录",
            "of what was corrected, name the first entry",
            str(event.entry),
        )
    objections, gone = OBJECTIONS.of(record), record.repudiated
    filed = [one for one in objections.about(event.entry, gone) if isinstance(one, Petition)]
    for one in filed:
        if decision_on(objections, one, gone) is None:
            raise Refused(
                "objection.already_open",
                f"第 {one.index} 条异议尚未处理",
                f"the objection at entry {one.index} is still open",
                str(event.entry),
            )
    if len(filed) >= OBJECTIONS_MAX:
        raise Refused(
            "objection.max",
            f"对一条记录最多提出 {OBJECTIONS_MAX} 次异议",
            f"an entry is objected to {OBJECTIONS_MAX} times at most",
        )
    return ()


def answer(record: _Record, event: ObjectionUpheld | ObjectionRejected, ctx: Context) -> _Facts:
    """Of an open objection: by another body where the matter is severe, else by an officer of none of its versions."""
    record = require_registered(record, ctx)
    objections, gone = OBJECTIONS.of(record), record.repudiated
    filed = objections.entries.get(event.objection)
    if not isinstance(filed, Petition) or event.objection in gone:
        raise Refused(
            "objection.no_such_objection",
            "该条记录不是异议（或其正文已删除、已被否认）",
            "this entry is no objection (or its body is erased, or it was repudiated)",
            str(event.objection),
        )
    if filed.about != event.entry:
        raise Refused(
            "objection.other_entry",
            f"异议针对的是第 {filed.about} 条记录",
            f"the objection is to entry {filed.about}",
            str(event.entry),
        )
    decided = decision_on(objections, filed, gone)
    if decided is not None:
        raise Refused(
            "objection.already_answered",
            f"该异议已由第 {decided.index} 条记录处理",
            f"this objection was answered already, by entry {decided.index}",
            str(event.objection),
        )
    if event.effective_on < filed.effective_on:
        raise Refused(
            "objection.date_order",
            f"处理日期不得早于提出日期：{filed.effective_on}",
            f"an objection is answered on its day, {filed.effective_on}, or later",
            str(event.effective_on),
        )
    _somebody_else(record, event.entry, ctx)
    return ()


def is_public(record: _Record, event: ObjectionFiled | ObjectionUpheld | ObjectionRejected) -> bool:
    """Whether what it is about is public: an open entry, or a sealed one of a kind that is shown.

    Nothing that is said about a pledge shows unless the pledge is for the public.
    """
    ref = None if record is None else record.entries.get(event.entry)
    if record is None or ref is None or ref.type is None:
        return False
    pledge = _pledge_of(record, event.entry)
    if pledge is not None:
        return pledge.terms is not None and pledge.terms.disclosure == "public"
    if ref.type in ("MarkMisuseFound", "ReportInvalidated"):  # shown where it was the enterprise's fault
        return bool(findings_at(record, event.entry) or holds_at(record, event.entry))
    return not ref.sealed or ref.type in _SHOWN


def _pledge_of(record: EnterpriseRecord, entry: int) -> PledgeState | None:
    """The pledge that an entry is about, where it is about one."""
    pledges, breach = PLEDGES.of(record), root_of(BREACHES.of(record), entry)
    return pledges.of_entry(entry) if breach is None else pledges.coded(breach.code)


def _somebody_else(record: EnterpriseRecord, entry: int, ctx: Context) -> None:
    ref = entry_of(record, entry, ctx)
    officer_of_no_version(record, entry, ctx, "objection.same_officer")
    if ctx.by_itself:
        raise Refused(
            "objection.own_matter",
            "企业不能处理自己的异议",
            "an enterprise does not decide on its own objection",
            ctx.issuer,
        )
    if ref.issuer == ctx.issuer and _is_severe(record, entry, ctx):
        raise Refused(
            "objection.same_body",
            f"严重事项的异议须由作出该记录的单位（{ref.issuer}）以外的单位处理",
            f"in a severe matter another body decides than the one that made the record, {ref.issuer}",
            ctx.issuer,
        )


def _is_severe(record: EnterpriseRecord, entry: int, ctx: Context) -> bool:
    """By the tiers of the policy in force today; a revocation, and what holds the level, is severe in itself."""
    if record.entries[entry].type == _REVOCATION or holds_at(record, entry):
        return True
    in_force = ctx.governance.standing_policy(ctx.today)
    severe = set() if in_force is None else {rule.item for rule in in_force[1].rules if rule.tier == "severe"}
    return any(one.item in severe for one in findings_at(record, entry))


_BODIES: Final = ("organizer", "regulator", "approver", "handling_body")
EVENTS: Final = (
    spec("enterprise", ObjectionFiled, ("self",), file, "sealed", body_public=is_public),
    spec("enterprise", ObjectionUpheld, _BODIES, answer, "sealed", body_public=is_public),
    spec("enterprise", ObjectionRejected, _BODIES, answer, "sealed", body_public=is_public),
)
