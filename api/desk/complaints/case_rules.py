"""Which step may follow in a complaint file: `require` refuses by name, in words; it changes nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from api.desk.complaints.case_clocks import ClockRules, publishable_from, reply_window_over
from api.desk.complaints.case_file import CaseFile, Stage
from api.desk.complaints.case_steps import (
    AnyStep,
    CaseAccepted,
    CaseClosed,
    CaseDeclined,
    CaseForwarded,
    CaseHandedOver,
    CaseIdentified,
    CasePublished,
    CaseRegistered,
    CaseResumed,
    CaseSuspended,
    EnterpriseReplied,
    MediationHeld,
    NoteWritten,
    PartiesNotified,
    PartyTold,
)
from ledger.domain.events.complaint import Outcome
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Refused
from ledger.limits import COMPLAINT_STEPS_MAX

__all__ = ["CaseSituation", "allowed_outcomes", "may_follow", "require", "require_first"]

_ANSWERED: Final[frozenset[Outcome]] = frozenset(("settled", "agreed", "explained"))
_OF_MEDIATION: Final[frozenset[Outcome]] = frozenset(("agreed", "ended_without_agreement", "refused"))
_WITH_REASON: Final[frozenset[Outcome]] = frozenset(("ended_without_agreement", "refused"))
_OPEN: Final[frozenset[Stage]] = frozenset(("registered", "accepted", "forwarded", "replied", "mediated"))
_AFTER: Final[dict[type, frozenset[Stage]]] = {
    CaseIdentified: frozenset(("registered", "accepted")),
    CaseAccepted: frozenset(("registered",)),
    CaseDeclined: frozenset(("registered",)),
    CaseForwarded: frozenset(("accepted",)),
    EnterpriseReplied: frozenset(("forwarded", "mediated")),
    MediationHeld: frozenset(("forwarded", "replied", "mediated")),
    CaseClosed: _OPEN | {"declined"},
    PartiesNotified: frozenset(("closed",)),
    CasePublished: frozenset(("notified",)),
    CaseSuspended: _OPEN,
    CaseResumed: _OPEN,
}
_ALWAYS: Final = (NoteWritten, PartyTold, CaseHandedOver)
_WHILE_SUSPENDED: Final = (*_ALWAYS, CaseResumed, EnterpriseReplied)
_BY_ANY_COLLEAGUE: Final = (NoteWritten, CaseHandedOver)
_WORDS: Final[dict[type, tuple[str, str]]] = {
    CaseIdentified: ("确定企业", "naming the enterprise"),
    CaseAccepted: ("受理", "acceptance"),
    CaseDeclined: ("不予受理", "declining"),
    CaseForwarded: ("转办", "forwarding"),
    EnterpriseReplied: ("企业答复", "the enterprise's reply"),
    MediationHeld: ("调解", "mediation"),
    CaseClosed: ("办结", "closing"),
    PartiesNotified: ("告知", "notice to the parties"),
    CasePublished: ("公布", "publication"),
    CaseSuspended: ("中止计时", "suspension"),
    CaseResumed: ("恢复计时", "resumption"),
}


@dataclass(frozen=True, slots=True)
class CaseSituation:
    """When a step is made, and by what it is judged. `colleagues` are the officers of the body by the book."""

    today: date
    rules: ClockRules
    colleagues: Collection[str]


def may_follow(file: CaseFile, kind: type, officer: str) -> bool:
    """Whether an officer may make such a step now, as far as that is known before it is filled in."""
    if file.suspended and kind not in _WHILE_SUSPENDED:
        return False
    if kind is CaseResumed and not file.suspended:
        return False
    if kind is EnterpriseReplied and file.replied_on is not None:
        return False
    if kind is CaseForwarded and file.subject is None:
        return False
    held = file.holder == officer or kind in _BY_ANY_COLLEAGUE
    return held and (kind in _ALWAYS or file.stage in _AFTER[kind])


def require_first(step: CaseRegistered, today: date) -> None:
    """Refuse a complaint from a day to come."""
    if step.received_on > today:
        raise _future("received_on", step.received_on)


def require(file: CaseFile, step: AnyStep, situation: CaseSituation) -> None:
    """Raises `Refused` naming what is wrong where the step may not follow."""
    today = situation.today
    if file.version >= COMPLAINT_STEPS_MAX:
        raise Refused(
            "complaint_file.steps_max",
            f"一宗投诉最多记 {COMPLAINT_STEPS_MAX} 步",
            f"a complaint file has {COMPLAINT_STEPS_MAX} steps at most",
        )
    if shanghai_date(step.at) < shanghai_date(file.steps[-1].at):
        raise Refused("complaint_file.clock", "时间早于上一步", "the step would be before the last one")
    if not isinstance(step, _BY_ANY_COLLEAGUE) and file.holder != step.by:
        raise Refused(
            "complaint_file.not_yours",
            "这宗投诉不在您名下，请先接手",
            "this file is not yours: take it over first",
            file.holder or "",
        )
    if file.suspended and not isinstance(step, _WHILE_SUSPENDED):
        raise Refused("complaint_file.suspended", "计时已中止，请先恢复", "its clocks are suspended: resume them first")
    if not isinstance(step, _ALWAYS):
        _require_stage(file, step)
    match step:
        case CaseHandedOver():
            _hand_over(file, step, situation)
        case CaseForwarded() if file.subject is None:
            raise _unidentified()
        case EnterpriseReplied():
            _reply(file, step, today)
        case MediationHeld() if not reply_window_over(file, situation.rules, today):
            raise _window("调解", "mediation")
        case CaseClosed():
            _close(file, step, situation)
        case PartiesNotified():
            assert file.closed_on is not None
            if not file.closed_on <= step.notified_on <= today:
                raise _day("notified_on", step.notified_on)
        case CasePublished():
            first = publishable_from(file, situation.rules)
            if first is None or today < first:
                raise Refused(
                    "complaint_file.notice_period",
                    f"尚不能公布，最早 {first or '待工作日历发布'}",
                    f"not to be published yet; on {first or 'a day that no work calendar covers'} at the earliest",
                )
        case CaseSuspended() if file.suspended:
            raise _stage(file, step)
        case CaseResumed() if not file.suspended:
            raise _stage(file, step)


def allowed_outcomes(file: CaseFile, situation: CaseSituation) -> tuple[Outcome, ...]:
    """The outcomes with which the file may be closed as it is."""
    if file.stage == "declined":
        return ("not_accepted",)
    found: list[Outcome] = ["withdrawn", "transferred"]
    if file.replied_on is not None:
        found += ["settled", "explained"]
        if file.mediated_on is not None:
            found.append("agreed")
    if file.mediated_on is not None and reply_window_over(file, situation.rules, situation.today):
        found += ["ended_without_agreement", "refused"]
    return tuple(found)


def _require_stage(file: CaseFile, step: AnyStep) -> None:
    if isinstance(step, CaseRegistered) or file.stage not in _AFTER[type(step)]:
        raise _stage(file, step)


def _hand_over(file: CaseFile, step: CaseHandedOver, situation: CaseSituation) -> None:
    if step.to not in situation.colleagues:
        raise Refused("complaint_file.no_colleague", "本单位没有这位经办人", "this body has no such officer", step.to)
    if step.to == file.holder:
        raise Refused("complaint_file.has_it", "这宗投诉已在其名下", "that officer has the file already", step.to)
    if step.by not in (step.to, file.holder):
        raise Refused(
            "complaint_file.not_yours",
            "只能移交自己名下的投诉；可以先接手",
            "one hands over one's own files: take it over first",
        )


def _reply(file: CaseFile, step: EnterpriseReplied, today: date) -> None:
    assert file.forwarded_on is not None
    if file.replied_on is not None:
        raise Refused("complaint_file.replied", "企业的答复已登记", "the enterprise's reply is there already")
    if not file.forwarded_on <= step.replied_on <= today:
        raise _day("replied_on", step.replied_on)


def _close(file: CaseFile, step: CaseClosed, situation: CaseSituation) -> None:
    if file.subject is None and step.outcome not in ("withdrawn", "transferred", "not_accepted"):
        raise _unidentified()
    if (file.stage == "declined") != (step.outcome == "not_accepted"):
        raise Refused(
            "complaint_file.not_accepted",
            "不予受理的投诉以不予受理办结，其他投诉不得",
            "what was declined closes as not accepted, and nothing else does",
            step.outcome,
        )
    if step.outcome in _ANSWERED and file.replied_on is None:
        raise Refused(
            "complaint_file.no_reply",
            "企业没有答复，不能以此办结",
            "without a reply of the enterprise it does not close like this",
            step.outcome,
        )
    if step.outcome in _OF_MEDIATION and file.mediated_on is None:
        raise Refused(
            "complaint_file.no_mediation",
            "没有调解，不能以此办结",
            "without mediation it does not close like this",
            step.outcome,
        )
    if step.outcome in _OF_MEDIATION and not reply_window_over(file, situation.rules, situation.today):
        raise _window("以此办结", "closing like this")
    if step.outcome in _WITH_REASON and not step.reason:
        raise Refused("complaint_file.reason", "请写明理由", "give the reason", step.outcome)


def _stage(file: CaseFile, step: AnyStep) -> Refused:
    zh, en = _WORDS.get(type(step), ("登记", "registration"))
    return Refused(
        "complaint_file.stage", f"现在的状态下不能{zh}", f"{en} does not follow the file's present state", file.stage
    )


def _unidentified() -> Refused:
    return Refused(
        "complaint_file.enterprise_unknown", "请先确定是账本中的哪家企业", "first name the enterprise of the book"
    )


def _window(zh: str, en: str) -> Refused:
    return Refused(
        "complaint_file.reply_window",
        f"企业尚未答复且期限未到，不能{zh}",
        f"{en} waits for the enterprise's reply, or until its time is over",
    )


def _day(name: str, day: date) -> Refused:
    return Refused(
        "complaint_file.day",
        "日期应在上一步之后、今天以前",
        "the day lies between the step before and today",
        f"{name} {day}",
    )


def _future(name: str, day: date) -> Refused:
    return Refused("complaint_file.day", "日期不能晚于今天", "the day is not to come", f"{name} {day}")
