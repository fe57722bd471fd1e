"""What may be said about complaints: closed cases only, after the enterprise had its say and its notice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from ledger.domain.events.base import Event
from ledger.domain.events.complaint import (
    ComplaintOutcomeCorrected,
    ComplaintOutcomeRecorded,
    ComplaintReplied,
    Outcome,
    Reply,
)
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.agreement import AGREED
from ledger.domain.state.complaint import OUTCOMES, OWED_NO_REPLY, OutcomeState, outcome_root, window_lapsed
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import month_of
from ledger.domain.values.working_days import add_working_days
from ledger.errors import Refused
from ledger.limits import OUTCOME_CORRECTIONS_MAX, OUTCOME_REPLIES_MAX

__all__ = ["EVENTS", "require_notice"]

_NEED_REASON: Final[frozenset[Outcome]] = frozenset(("ended_without_agreement", "refused", "not_accepted"))
# Seven days for each working day, and two weeks for the longest holidays, hold the working days of any calendar.
_HOLIDAYS_DAYS: Final = 14
_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def record_outcome(record: _Record, event: ComplaintOutcomeRecorded, ctx: Context) -> _Facts:
    """Of a closed case, once, after the reply or its lapse, and after notice."""
    record = require_registered(record, ctx)
    _months(event, ctx)
    _reply_or_lapsed(event)
    require_notice(event, event.notified_on, ctx)
    _consistent(event.outcome, event.reply, event.reason, event.substantive_reply)
    _clauses(record, event.clauses, event.pledge)
    return (UniqueFact("case", event.case),)


def correct_outcome(record: _Record, event: ComplaintOutcomeCorrected, ctx: Context) -> _Facts:
    """Of the newest version, by another officer."""
    record = require_registered(record, ctx)
    outcome = _outcome(record, event.corrects)
    newest = outcome.newest(record.repudiated)
    if event.corrects != newest.index:
        raise Refused(
            "correction.not_newest",
            f"只能更正最新版本：第 {newest.index} 条记录",
            f"a correction names the newest version, entry {newest.index}",
            str(event.corrects),
        )
    if ctx.governance.officer(newest.kid) == ctx.officer:
        raise Refused(
            "correction.same_officer",
            "更正须由另一名经办人作出",
            "a correction is made by another officer than the one who recorded what it corrects",
            ctx.officer,
        )
    _consistent(event.outcome, event.reply, event.reason, event.substantive_reply)
    _clauses(record, event.clauses, outcome.pledge)
    if len(outcome.corrections) >= OUTCOME_CORRECTIONS_MAX:
        raise Refused(
            "correction.max",
            f"一条办理结果最多更正 {OUTCOME_CORRECTIONS_MAX} 次",
            f"an outcome is corrected {OUTCOME_CORRECTIONS_MAX} times at most",
        )
    return ()


def reply_to_outcome(record: _Record, event: ComplaintReplied, ctx: Context) -> _Facts:
    """To an outcome of this enterprise."""
    record = require_registered(record, ctx)
    outcome = _outcome(record, event.outcome_entry)
    if len(outcome.replies) >= OUTCOME_REPLIES_MAX:
        raise Refused(
            "complaint.replies_max",
            f"对一条办理结果最多回复 {OUTCOME_REPLIES_MAX} 次",
            f"an outcome is replied to {OUTCOME_REPLIES_MAX} times at most",
        )
    return ()


def _outcome(record: EnterpriseRecord, index: int) -> OutcomeState:
    root = outcome_root(record, index)
    if root is None or root in record.repudiated:
        raise Refused(
            "complaint.no_such_outcome",
            "该企业名下没有这条办理结果（或其正文已删除、已被否认）",
            "this enterprise has no such outcome (or its body is erased, or it was repudiated)",
            str(index),
        )
    return OUTCOMES.of(record).by_entry[root]


def _months(event: ComplaintOutcomeRecorded, ctx: Context) -> None:
    steps = [event.received, event.accepted, event.forwarded, event.replied, event.closed]
    given = [month for month in steps if month is not None]
    in_order = given == sorted(given) and (event.reply_due is None or event.reply_due >= (event.forwarded or ""))
    if not in_order:
        raise Refused(
            "complaint.month_order",
            "月份顺序应为：收到、受理、转办、回复、办结；回复期限不早于转办",
            "months must be in order: received, accepted, forwarded, replied, closed; a reply is due after forwarding",
        )
    if event.closed > month_of(event.effective_on):
        raise Refused(
            "complaint.closed_before_published",
            "办结月份晚于公布日期：未办结的投诉不予登记",
            "the case would close after its publication: a case in progress is not recorded",
            event.closed,
        )
    if event.closed > month_of(ctx.today):
        raise Refused("complaint.month_in_future", "月份晚于本月", "a month lies in the future", event.closed)


def _reply_or_lapsed(event: ComplaintOutcomeRecorded) -> None:
    """The enterprise had its say: it replied, or the time for its reply had come and gone."""
    if (event.reply == "none") != (event.replied is None):
        raise Refused(
            "complaint.reply_month",
            "有回复的须写明回复月份，没有回复的不写",
            "a reply has its month, no reply has none",
            event.reply,
        )
    if event.reply != "none":
        due, replied = event.reply_due, event.replied
        if event.forwarded is None:
            raise Refused(
                "complaint.reply_unasked", "未转办的投诉不会有回复", "a reply needs a complaint that was forwarded"
            )
        if due is not None and replied is not None and (replied > due if event.reply == "timely" else replied < due):
            raise Refused(
                "complaint.reply_against_due",
                "是否按期与回复月份、回复期限不符",
                "timely or late contradicts the months of the reply and of its due date",
                event.reply,
            )
        return
    lapsed = event.forwarded is not None and window_lapsed(event.reply_due, event.effective_on)
    if not lapsed and event.outcome not in OWED_NO_REPLY:
        raise Refused(
            "complaint.reply_window",
            "企业尚未回复且回复期限未到：不予登记",
            "the enterprise has not replied and its time to reply is not over: not recorded yet",
            event.reply_due or "",
        )


def require_notice(event: Event, notified_on: date | None, ctx: Context) -> None:
    """The enterprise was told working days before this is published; no ground for recording it late replaces that."""
    if notified_on is None:
        raise Refused(
            "complaint.notice_missing",
            "公布前须告知企业并写明告知日期；迟延登记的理由不能代替告知",
            "the enterprise is told before publication, on a date to be given; a ground for lateness is no notice",
        )
    days = ctx.policy.complaint_notice_working_days
    earliest = _earliest(ctx, notified_on, days, event.effective_on)
    if event.effective_on < earliest:
        raise Refused(
            "complaint.notice_period",
            f"告知企业满 {days} 个工作日后方可公布，最早 {earliest}",
            f"publication follows {days} working days after the notice, on {earliest} at the earliest",
            str(event.effective_on),
        )


def _earliest(ctx: Context, notified_on: date, days: int, published_on: date) -> date:
    """The first day of publication. Of years that no calendar covers so much time has passed that none is needed."""
    try:
        return add_working_days(ctx.governance.calendars, notified_on, days)
    except Refused:
        long_enough = notified_on + timedelta(days=7 * days + _HOLIDAYS_DAYS)
        if published_on < long_enough:
            raise
        return long_enough


def _consistent(outcome: Outcome, reply: Reply, reason: str | None, substantive_reply: bool) -> None:
    if outcome in _NEED_REASON and reason is None:
        raise Refused(
            "complaint.reason_missing",
            "终止调解、拒绝调解、不予受理须写明理由",
            "an ending without agreement, a refusal and a case not accepted give their reason",
            outcome,
        )
    if substantive_reply and reply == "none":
        raise Refused(
            "complaint.substance_without_reply",
            "没有回复，就没有实质性回复",
            "without a reply there is no reply in substance",
        )
    if outcome in AGREED and reply == "none":
        raise Refused(
            "complaint.agreement_without_reply",
            "和解或调解达成即为答复：不能登记为不答复",
            "an agreement is itself an answer: it is not recorded with no reply",
            outcome,
        )
    if outcome == "explained" and reply == "none":
        raise Refused(
            "complaint.explained_without_reply",
            "已答复说明的投诉必有回复",
            "a case that ended with an explanation has a reply",
        )


def _clauses(record: EnterpriseRecord, clauses: Sequence[str], code: str | None) -> None:
    if code is None:
        if clauses:
            raise Refused(
                "complaint.clauses_of_what",
                "涉及承诺条款的，须写明承诺编码",
                "clauses are those of a pledge, which must be named",
            )
        return
    pledge = PLEDGES.of(record).coded(code)
    if pledge is None or pledge.terms is None:
        raise Refused(
            "complaint.pledge_unknown",
            "该企业没有以此编码公布的承诺",
            "this enterprise has no pledge that was published under this code",
            code,
        )
    foreign = [clause for clause in clauses if clause not in pledge.terms.clauses]
    if foreign:
        raise Refused(
            "complaint.clause_not_pledged",
            "该承诺不含此条款",
            "the pledge does not contain this clause",
            foreign[0],
        )


EVENTS: Final = (
    spec("enterprise", ComplaintOutcomeRecorded, ("handling_body",), record_outcome, "sealed"),
    spec("enterprise", ComplaintReplied, ("self",), reply_to_outcome, "sealed"),
    spec("enterprise", ComplaintOutcomeCorrected, ("handling_body",), correct_outcome, "sealed"),
)
