"""What may be said about findings and public records: by whom, looked up how lately, taken back by whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from ledger.domain.events.base import Event
from ledger.domain.events.finding import FindingAnnulled, FindingRecorded, PublicRecordCited, PublicRecordRechecked
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import another_officer, counting_entry, entry_of
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.declaration import standing_declaration
from ledger.domain.state.finding import FINDINGS, Cited, RecordedFinding, is_annulled, rechecks
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import FINDINGS_MAX, RECORD_RECHECKS_MAX

__all__ = ["ANNULLABLE", "EVENTS"]

# What an authority, or who found it, can take back; outcomes and breaches are corrected instead.
ANNULLABLE: Final = frozenset(
    (
        "FindingRecorded",
        "PublicRecordCited",
        "MarkMisuseFound",
        "ReportInvalidated",
        "BelowRecommendedNoted",
        "AgreementDefaulted",
    )
)
_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def record_finding(record: _Record, event: FindingRecorded, ctx: Context) -> _Facts:
    """By a regulator, or by an organizer that names the public record; once, soon after the decision."""
    record = require_registered(record, ctx)
    if (event.severity is not None) != (event.kind == "spot_check" and event.result == "failed"):
        raise Refused(
            "finding.severity",
            "抽查不合格须写明一般或严重；其他情形不写",
            "a failed spot check is general or severe, nothing else is",
            event.kind,
        )
    if (event.declaration is not None) != (event.kind == "below_mandatory"):
        raise Refused(
            "finding.declaration",
            "低于强制性标准的认定须写明所声明标准的记录；其他情形不写",
            "a standard below the mandatory one is named by the entry that declared it; nothing else names one",
            event.kind,
        )
    if event.kind == "below_mandatory" and event.result != "failed":
        raise Refused(
            "finding.below_mandatory_fails",
            "低于强制性标准即为不合格",
            "a standard below the mandatory one has not passed",
            event.result,
        )
    if event.declaration is not None and standing_declaration(record, event.declaration) is None:
        raise Refused(
            "finding.no_such_declaration",
            "该企业名下没有这条标准声明（或已被否认）",
            "this enterprise made no such declaration (or it was repudiated)",
            str(event.declaration),
        )
    if event.address is None and "regulator" not in ctx.roles:
        raise Refused(
            "finding.public_record",
            "组织方只能引用公开记录：须写明公开网址",
            "an organizer cites what is public: say where it can be read",
        )
    _soon_after(event, event.decided_on, ctx)
    document = event.authority, event.document_no, event.product
    for one in FINDINGS.of(record).entries.values():
        if (
            isinstance(one, RecordedFinding)
            and event.document_no
            and (one.kind, one.document) == (event.kind, document)
        ):
            _not_said(record, one.index, "finding.already_recorded")
    _bounded(record)
    return ()


def cite_record(record: _Record, event: PublicRecordCited, ctx: Context) -> _Facts:
    """Of a public record that was looked up lately and is still published; once."""
    record = require_registered(record, ctx)
    if (event.severity is not None) != (event.kind == "penalty"):
        raise Refused(
            "citation.severity",
            "行政处罚须写明一般或严重；列入名单的不写",
            "a penalty is general or severe, a listing neither",
            event.kind,
        )
    if event.checked_on < event.decided_on:
        raise Refused(
            "citation.checked_before_decision",
            "核对日期早于决定日期",
            "it was looked up before it was decided",
            str(event.checked_on),
        )
    _looked_up(event.checked_on, event.recheck_by, event.publicity_end, ctx)
    _soon_after(event, event.decided_on, ctx)
    document = event.authority, event.document_no
    for one in FINDINGS.of(record).entries.values():
        if isinstance(one, Cited) and (one.kind, one.document) == (event.kind, document):
            _not_said(record, one.index, "citation.already_cited")
    _bounded(record)
    return ()


def recheck_record(record: _Record, event: PublicRecordRechecked, ctx: Context) -> _Facts:
    """Of a public record that was cited, after the last look at it."""
    record = require_registered(record, ctx)
    counting_entry(record, event.recheck_of, ctx)
    findings = FINDINGS.of(record)
    cited = findings.entries.get(event.recheck_of)
    if not isinstance(cited, Cited):
        raise Refused(
            "recheck.no_such_citation",
            "该条记录没有引用公开记录",
            "this entry does not cite a public record",
            str(event.recheck_of),
        )
    looks = [one.checked_on for one in rechecks(findings, cited, record.repudiated)]
    last = max((cited.checked_on, *looks))
    if event.checked_on < last:
        raise Refused(
            "recheck.before_last",
            f"复核日期不得早于上次核对：{last}",
            f"a later look does not lie before the last one, {last}",
            str(event.checked_on),
        )
    if event.effective_on < event.checked_on:
        raise Refused(
            "recheck.effective_on",
            "复核自复核之日起生效，不早于该日",
            "a look counts from its day or later",
            str(event.effective_on),
        )
    if (event.recheck_by is not None) != event.still_published:
        raise Refused(
            "recheck.next",
            "仍在公示的须写明下次复核期限；已撤下的不写",
            "what is still published is looked up again by a date, what is gone is not",
        )
    _looked_up(event.checked_on, event.recheck_by, cited.publicity_end, ctx)
    if len(looks) >= RECORD_RECHECKS_MAX:
        raise Refused(
            "recheck.max",
            f"一条公开记录最多复核 {RECORD_RECHECKS_MAX} 次",
            f"a public record is looked up again {RECORD_RECHECKS_MAX} times at most",
        )
    return ()


def annul(record: _Record, event: FindingAnnulled, ctx: Context) -> _Facts:
    """By the party that recorded it, or a regulator; by another officer; once."""
    record = require_registered(record, ctx)
    ref = entry_of(record, event.annuls, ctx)
    if ref.type not in ANNULLABLE:
        raise Refused(
            "annulment.no_such_finding",
            "该条记录不是可以撤销的认定（或其正文已删除）",
            "this entry is no finding that can be annulled (or its body is erased)",
            str(event.annuls),
        )
    if is_annulled(record, event.annuls):
        raise Refused("annulment.twice", "该认定已被撤销", "this finding was annulled already", str(event.annuls))
    counting_entry(record, event.annuls, ctx)
    if ref.issuer != ctx.issuer and "regulator" not in ctx.roles:
        raise Refused(
            "annulment.other_party",
            f"须由作出该认定的单位（{ref.issuer}）或监管部门撤销",
            f"a finding is annulled by the party that recorded it, {ref.issuer}, or by a regulator",
            ctx.issuer,
        )
    another_officer(ref.kid, ctx, "annulment.same_officer")
    return ()


def _looked_up(checked_on: date, recheck_by: date | None, publicity_end: date | None, ctx: Context) -> None:
    """Not in the future, while it was published; and not to be left alone for too long."""
    if checked_on > ctx.today:
        raise Refused(
            "citation.checked_in_future",
            "核对日期晚于今日",
            "it cannot have been looked up on a later day",
            str(checked_on),
        )
    if recheck_by is None:
        return
    if publicity_end is not None and publicity_end < checked_on:
        raise Refused(
            "citation.publicity_over",
            f"公示期已于 {publicity_end} 届满",
            f"its publication ended on {publicity_end}",
            str(checked_on),
        )
    most = ctx.policy.citation_recheck_days_max
    if recheck_by < checked_on or (most is not None and recheck_by > checked_on + timedelta(days=most)):
        raise Refused(
            "citation.recheck_by",
            f"下次复核期限应在核对之后 {most if most is not None else '若干'} 天内",
            "it is to be looked up again after this look, and within the days that the policy allows",
            str(recheck_by),
        )


def _soon_after(event: Event, decided_on: date, ctx: Context) -> None:
    """It counts from the decision, or from soon after it: a window that began long ago does not begin anew."""
    policy = ctx.policy
    days = policy.recording_days_max.get(type(event).__name__, policy.recording_days_max_default)
    if not decided_on <= event.effective_on <= decided_on + timedelta(days=days):
        raise Refused(
            "finding.effective_on",
            f"生效日期应为决定之日或其后 {days} 天内",
            f"it counts from the day of the decision, or at most {days} days later",
            str(event.effective_on),
        )


def _not_said(record: EnterpriseRecord, index: int, rule: str) -> None:
    if index not in record.repudiated and not is_annulled(record, index):
        raise Refused(rule, f"第 {index} 条记录已登记同一文书", f"entry {index} has the same document", str(index))


def _bounded(record: EnterpriseRecord) -> None:
    if len(FINDINGS.of(record)) >= FINDINGS_MAX:
        raise Refused(
            "finding.max",
            f"一家企业最多登记 {FINDINGS_MAX} 条认定和引用",
            f"an enterprise has {FINDINGS_MAX} findings and citations at most",
        )


EVENTS: Final = (
    spec("enterprise", FindingRecorded, ("regulator", "organizer"), record_finding, "sealed"),
    spec("enterprise", PublicRecordCited, ("regulator", "organizer"), cite_record, "sealed"),
    spec("enterprise", PublicRecordRechecked, ("regulator", "organizer"), recheck_record, "sealed"),
    spec("enterprise", FindingAnnulled, ("regulator", "organizer", "laboratory", "handling_body"), annul, "sealed"),
)
