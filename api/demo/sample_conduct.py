"""What a demonstration's authorities record about enterprises, and what these say to it.

Findings, public records and outcomes of complaints; replies, objections and repairs. Severity and days follow the
default standing policy: what counts, for how long, and from when it can be repaired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from api.demo.sample_roster import SampleEnterprise
from api.demo.voice import LATE, Voice
from ledger.domain.events.complaint import ComplaintOutcomeRecorded, ComplaintReplied, Outcome, Reply
from ledger.domain.events.finding import FindingRecorded, PublicRecordCited, RecordKind, Severity
from ledger.domain.events.objection import ObjectionFiled
from ledger.domain.events.repair import RepairApplied, RepairApproved
from ledger.domain.values.dates import month_of

__all__ = [
    "complained_of",
    "fails_checks",
    "is_listed",
    "keeps_promises",
    "leaves_complaints",
    "neglects",
    "objects",
    "repairs",
    "severely_fails",
]

_AUTHORITY: Final = "演示市市场监督管理局"
_ADDRESS: Final = "https://demo.credit-ledger.example/notices/"
_NOTICE_DAYS: Final = 21  # five working days lie in them, whatever the holidays


@dataclass(frozen=True, slots=True)
class _Case:
    """How a complaint ended. `reply_text`: what the enterprise says beside it."""

    product: str
    issue: str
    outcome: Outcome
    reply: Reply = "timely"
    reason: str | None = None
    reply_text: str | None = None


_KEPT: Final = (
    _Case("小家电", "售后服务", "settled", reply_text="已上门更换整机，并延长保修六个月。"),
    _Case("日用百货", "质量", "agreed", reply_text="已退货退款，同批次产品已复检，报告在门店公示。"),
    _Case("家居用品", "标识说明", "explained"),
)
_MANY: Final = (
    *_KEPT,
    _Case("小家电", "交付", "withdrawn"),
    _Case("小家电", "质量", "ended_without_agreement", reason="双方对赔偿金额分歧较大"),
    _Case("家居用品", "价格", "transferred"),
)


def keeps_promises(voice: Voice, one: SampleEnterprise, number: int) -> None:
    """Two complaints that were settled in time, one with the enterprise's own word beside it."""
    for place, case in enumerate((_KEPT[number % 3], _KEPT[(number + 1) % 3])):
        _outcome(voice, one, case, place, days_ago=75 - 30 * place)


def leaves_complaints(voice: Voice, one: SampleEnterprise) -> None:
    """Two complaints that nobody answered, while the enterprise is on the list of abnormal operations."""
    for place in range(2):
        left = _Case(
            "小家电", "质量", "ended_without_agreement", "none", f"企业逾期未答复（第 {place + 1} 件），终止调解"
        )
        _outcome(voice, one, left, place, days_ago=13 - 5 * place)
    _cited(voice, one, "abnormal_list", None, "演示经营异常〔{year}〕17号", days_ago=25)


def neglects(voice: Voice, one: SampleEnterprise) -> None:
    """A complaint that was answered late, and settled all the same."""
    late = _Case("家居用品", "售后服务", "settled", "late", reply_text="客服交接遗漏，已致歉并完成维修。")
    _outcome(voice, one, late, 0, days_ago=20)


def complained_of(voice: Voice, one: SampleEnterprise, count: int) -> None:
    """Many complaints, all answered in time, that ended in every way."""
    for place in range(count):
        _outcome(voice, one, _MANY[place % len(_MANY)], place, days_ago=10 + 13 * (count - 1 - place))


def fails_checks(voice: Voice, one: SampleEnterprise, number: int) -> int:
    """A spot check that was failed, of the general kind, a few weeks ago; its entry."""
    return _spot_check(voice, one, "general", "演示保温杯", f"演示抽查〔{{year}}〕{number + 101}号", days_ago=30)


def severely_fails(voice: Voice, one: SampleEnterprise, number: int) -> None:
    """A severe failure, and the penalty for it."""
    product = ("演示电热水壶", "演示儿童座椅")[number % 2]
    _spot_check(voice, one, "severe", product, f"演示抽查〔{{year}}〕{number + 201}号", days_ago=70)
    _cited(voice, one, "penalty", "severe", f"演示市监处罚〔{{year}}〕{number + 31}号", days_ago=28)


def is_listed(voice: Voice, one: SampleEnterprise, number: int) -> None:
    """On the list of serious violators, after a severe penalty."""
    _cited(voice, one, "penalty", "severe", f"演示市监处罚〔{{year}}〕{number + 51}号", days_ago=90)
    _cited(voice, one, "serious_list", None, f"演示严重违法〔{{year}}〕{number + 3}号", days_ago=26)


def objects(voice: Voice, one: SampleEnterprise, entry: int) -> None:
    """The enterprise objects to an entry; nobody has decided yet."""
    ground = "被抽样品并非本企业生产：外包装批号与本企业台账不符，已提交台账复印件。"
    voice.says("self", one.code, ObjectionFiled(v=1, effective_on=voice.today, entry=entry, ground=ground))


def repairs(voice: Voice, one: SampleEnterprise, number: int, *, approved: bool) -> None:
    """A general failure that is old enough to be repaired, and the enterprise's application for it."""
    document = f"演示抽查〔{{year}}〕{number + 301}号"
    entry = _spot_check(voice, one, "general", "演示运动水杯", document, days_ago=150)
    applied = RepairApplied(
        v=1,
        effective_on=voice.today - timedelta(days=9),
        entry=entry,
        made_good="不合格批次已全部召回并销毁，模具已更换，连续三批次送检合格。",
    )
    application = voice.says("self", one.code, applied)
    if approved:
        granted = RepairApproved(
            v=1,
            effective_on=voice.today,
            application=application,
            entry=entry,
            explanation="经现场核查，整改属实，三批次复检合格，同意修复。",
        )
        voice.says("regulator-2", one.code, granted)


def _outcome(voice: Voice, one: SampleEnterprise, case: _Case, place: int, *, days_ago: int) -> None:
    """The outcome of a closed case, published so many days ago, after notice; and the enterprise's word on it."""
    published = voice.today - timedelta(days=days_ago)
    closed = month_of(published - timedelta(days=_NOTICE_DAYS + 10))  # over by then, whatever the month
    owed = case.outcome not in ("transferred", "withdrawn")
    reply: Reply = case.reply if owed else "none"
    came = _month_before(closed) if reply == "late" else closed
    month = came if owed else None
    recorded = ComplaintOutcomeRecorded(
        v=1,
        effective_on=published,
        late_ground=LATE,
        case=sha256(f"demonstration case {one.code} {place}".encode()).hexdigest()[:32],
        channel="12315" if place % 2 == 0 else "协会受理",
        product_class=case.product,
        issue=case.issue,
        received=came,
        accepted=month,
        forwarded=month,
        reply_due=month,
        replied=closed if reply != "none" else None,
        closed=closed,
        reply=reply,
        outcome=case.outcome,
        reason=case.reason,
        notified_on=published - timedelta(days=_NOTICE_DAYS),
    )
    entry = voice.says("handling-body", one.code, recorded, str(place))
    if case.reply_text is not None:
        word = ComplaintReplied(
            v=1, effective_on=published, late_ground=LATE, outcome_entry=entry, text=case.reply_text
        )
        voice.says("self", one.code, word, str(place))


def _month_before(month: str) -> str:
    return month_of(date.fromisoformat(f"{month}-01") - timedelta(days=1))


def _spot_check(
    voice: Voice, one: SampleEnterprise, severity: Severity, product: str, document: str, *, days_ago: int
) -> int:
    day = voice.today - timedelta(days=days_ago)
    found = FindingRecorded(
        v=1,
        effective_on=day,
        late_ground=LATE,
        kind="spot_check",
        result="failed",
        severity=severity,
        authority=_AUTHORITY,
        document_no=document.format(year=day.year),
        product=product,
        decided_on=day,
        address=f"{_ADDRESS}check-{one.code}",
    )
    return voice.says("regulator", one.code, found)


def _cited(
    voice: Voice, one: SampleEnterprise, kind: RecordKind, severity: Severity | None, document: str, *, days_ago: int
) -> None:
    day = voice.today - timedelta(days=days_ago)
    cited = PublicRecordCited(
        v=1,
        effective_on=day,
        late_ground=LATE,
        kind=kind,
        severity=severity,
        authority=_AUTHORITY,
        document_no=document.format(year=day.year),
        address=f"{_ADDRESS}{kind.replace('_', '-')}-{one.code}",
        decided_on=day,
        checked_on=day,
        recheck_by=day + timedelta(days=180),
    )
    voice.says("regulator", one.code, cited, kind)
