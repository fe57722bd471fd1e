"""What may be said about inspection reports: verified once by somebody else, which takes the number, ended once."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.inspection_report import ReportInvalidated, ReportSubmitted, ReportVerified
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import another_officer
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.finding import annulled
from ledger.domain.state.inspection_report import REPORTS, Report
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import REPORT_VERDICTS_MAX, REPORTS_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def submit(record: _Record, event: ReportSubmitted, ctx: Context) -> _Facts:
    """Issued before. Its number stays free until the report is verified: whoever only says so occupies nothing."""
    record = require_registered(record, ctx)
    if event.issued_on > event.effective_on:
        raise Refused(
            "report.issued_later",
            "报告的签发日期晚于提交日期",
            "a report is submitted when it is issued, or later",
            str(event.issued_on),
        )
    if len(REPORTS.of(record).by_entry) >= REPORTS_MAX:
        raise Refused(
            "report.max",
            f"一家企业最多登记 {REPORTS_MAX} 份检验检测报告",
            f"an enterprise has {REPORTS_MAX} reports at most",
        )
    return ()


def verify(record: _Record, event: ReportVerified, ctx: Context) -> _Facts:
    """By another person than the submitter, once, of a report that was not found invalid; it takes the number.

    By the laboratory that is accredited under its CMA number, a regulator, or, where none is, an organizer.
    """
    record = require_registered(record, ctx)
    found = _report(record, event.report)
    _who_decides(found, ctx)
    another_officer(record.entries[found.index].kid, ctx, "report.verified_by_submitter")
    earlier = found.verified(record.repudiated)
    if earlier is not None:
        raise Refused(
            "report.verified_once",
            f"该报告已由第 {earlier.index} 条记录核验",
            f"the report was verified by entry {earlier.index}",
            str(event.report),
        )
    _still_open(record, found)
    if found.verifications:  # one that was repudiated took the number for this very report
        return ()
    return (UniqueFact("report", found.key),)


def invalidate(record: _Record, event: ReportInvalidated, ctx: Context) -> _Facts:
    """Of a report of this stream, once, by those who may verify it; an organizer by an officer who did not sign it."""
    record = require_registered(record, ctx)
    found = _report(record, event.report)
    _who_decides(found, ctx)
    if "regulator" not in ctx.roles and "laboratory" not in ctx.roles:
        for said in (found.index, *(one.index for one in found.verifications)):
            another_officer(record.entries[said].kid, ctx, "report.same_officer")
    _still_open(record, found)
    if event.effective_on < found.effective_on:
        raise Refused(
            "report.before_submission",
            f"不能早于报告提交之日 {found.effective_on}",
            f"a report is not found invalid before it was submitted, on {found.effective_on}",
            str(event.effective_on),
        )
    return ()


def _who_decides(found: Report, ctx: Context) -> None:
    """The laboratory accredited under the report's CMA number, a regulator, or, where none is, an organizer."""
    if "regulator" in ctx.roles:
        return
    laboratory = ctx.governance.accredited(found.cma, ctx.today)
    if laboratory == ctx.issuer:
        return
    if laboratory is not None:
        raise Refused(
            "report.accredited_laboratory_decides",
            f"须由持有该资质认定编号的 {laboratory} 或监管部门作出",
            f"this is for the laboratory accredited under this CMA number, {laboratory}, or for a regulator",
            ctx.issuer,
        )
    if "organizer" not in ctx.roles:
        raise Refused(
            "report.other_laboratory",
            "该机构未获此资质认定编号",
            "this laboratory is not accredited under the report's CMA number",
            found.cma,
        )


def by_enterprise(record: _Record, event: ReportInvalidated) -> bool:
    """What counts is public; the laboratory's fault does not count."""
    return event.fault == "enterprise"


def _report(record: EnterpriseRecord, entry: int) -> Report:
    found = REPORTS.of(record).by_entry.get(entry)
    if found is None or entry in record.repudiated:
        raise Refused(
            "report.no_such_report",
            "该企业没有这份报告（或已被否认）",
            "this enterprise has no such report (or it was repudiated)",
            str(entry),
        )
    if len(found.verifications) + len(found.invalidations) >= REPORT_VERDICTS_MAX:
        raise Refused(
            "report.verdicts_max",
            f"一份报告最多核验或认定 {REPORT_VERDICTS_MAX} 次",
            f"a report is verified or found invalid {REPORT_VERDICTS_MAX} times at most",
            str(entry),
        )
    return found


def _still_open(record: EnterpriseRecord, found: Report) -> None:
    ended = found.invalidated(record.repudiated, annulled(record))
    if ended is not None:
        raise Refused(
            "report.invalidated_already",
            f"该报告已由第 {ended.index} 条记录认定无效",
            f"the report was found invalid by entry {ended.index}",
            str(found.index),
        )


EVENTS: Final = (
    spec("enterprise", ReportSubmitted, ("self", "organizer", "laboratory"), submit),
    spec("enterprise", ReportVerified, ("organizer", "laboratory", "regulator"), verify),
    spec(
        "enterprise",
        ReportInvalidated,
        ("organizer", "laboratory", "regulator"),
        invalidate,
        "sealed",
        body_public=by_enterprise,
    ),
)
