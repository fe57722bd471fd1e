"""The acts of the complaint file's page: which fields each has, and the step that they make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from api.desk.complaints import case_steps as steps
from api.desk.complaints.case_words import ISSUES, OUTCOMES
from api.desk.complaints.form_fields import FormFields

__all__ = ["ACTS", "ActContext", "CaseAct"]


class ActContext(NamedTuple):
    """Who acts when: `at` Unix seconds, `by` the officer. `subject` is the enterprise that a form named, `entry` the
    outcome that the book has of this case, each if there is one."""

    at: int
    by: str
    colleagues: Collection[str]
    subject: str | None = None
    entry: int | None = None


class CaseAct(NamedTuple):
    """`kind`: the step that it makes; `read` takes it from the fields, whose problems stand in them."""

    kind: type[steps.CaseStep]
    read: Callable[[FormFields, ActContext], steps.AnyStep]


def _accept(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseAccepted(
        at=ctx.at,
        by=ctx.by,
        product_class=fields.line("product_class", screened=True),
        issue=fields.choice("issue", ISSUES),  # type: ignore[arg-type]  # a choice is one of these, or refused
    )


def _decline(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseDeclined(
        at=ctx.at,
        by=ctx.by,
        product_class=fields.line("product_class", screened=True),
        issue=fields.choice("issue", ISSUES),  # type: ignore[arg-type]
        ground=fields.line("ground", screened=True),
    )


def _identify(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    if ctx.subject is None:
        fields.wrong("enterprise", "请填企业的名称或统一社会信用代码", "name the enterprise, or give its code")
    return steps.CaseIdentified(at=ctx.at, by=ctx.by, subject=ctx.subject or "")


def _forward(_: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseForwarded(at=ctx.at, by=ctx.by)


def _reply(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.EnterpriseReplied(
        at=ctx.at,
        by=ctx.by,
        replied_on=fields.day("replied_on"),
        text=fields.text("text"),
        substantive=fields.ticked("substantive"),
    )


def _mediate(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.MediationHeld(at=ctx.at, by=ctx.by, text=fields.text("text"))


def _close(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseClosed(
        at=ctx.at,
        by=ctx.by,
        outcome=fields.choice("outcome", OUTCOMES),  # type: ignore[arg-type]
        reason=fields.line("reason", needed=False, screened=True),
    )


def _notify(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.PartiesNotified(
        at=ctx.at,
        by=ctx.by,
        notified_on=fields.day("notified_on"),
        delivery=fields.line("delivery"),
        text=fields.text("text"),
    )


def _publish(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    if ctx.entry is None:
        fields.wrong("entry", "账本中还没有这宗投诉的办理结果", "the book has no outcome of this case yet")
    return steps.CasePublished(at=ctx.at, by=ctx.by, entry=ctx.entry or 0)


def _suspend(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseSuspended(at=ctx.at, by=ctx.by, reason=fields.line("reason"))


def _resume(_: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseResumed(at=ctx.at, by=ctx.by)


def _take(_: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseHandedOver(at=ctx.at, by=ctx.by, to=ctx.by)


def _hand_over(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.CaseHandedOver(at=ctx.at, by=ctx.by, to=fields.choice("to", ctx.colleagues))


def _note(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.NoteWritten(at=ctx.at, by=ctx.by, text=fields.text("text"))


def _tell(fields: FormFields, ctx: ActContext) -> steps.AnyStep:
    return steps.PartyTold(at=ctx.at, by=ctx.by, text=fields.text("text"))


#: By the last part of their addresses.
ACTS: Final[Mapping[str, CaseAct]] = {
    "take": CaseAct(steps.CaseHandedOver, _take),
    "hand-over": CaseAct(steps.CaseHandedOver, _hand_over),
    "identify": CaseAct(steps.CaseIdentified, _identify),
    "accept": CaseAct(steps.CaseAccepted, _accept),
    "decline": CaseAct(steps.CaseDeclined, _decline),
    "forward": CaseAct(steps.CaseForwarded, _forward),
    "reply": CaseAct(steps.EnterpriseReplied, _reply),
    "mediate": CaseAct(steps.MediationHeld, _mediate),
    "close": CaseAct(steps.CaseClosed, _close),
    "notify": CaseAct(steps.PartiesNotified, _notify),
    "publish": CaseAct(steps.CasePublished, _publish),
    "suspend": CaseAct(steps.CaseSuspended, _suspend),
    "resume": CaseAct(steps.CaseResumed, _resume),
    "note": CaseAct(steps.NoteWritten, _note),
    "tell": CaseAct(steps.PartyTold, _tell),
}
