"""A complaint file: what its steps add up to (`advanced`), and which may follow (`require`). Pure.

    登记 → 受理 / 不予受理 → 转办 → 企业答复 → 调解 → 办结 → 告知 → 公布

Refused steps are refused by name (`complaint_file.…`) and change nothing. A stored file is folded without asking
whether its steps would be allowed today: rules may become stricter, files stay readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Literal

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
    Issue,
    MediationHeld,
    PartiesNotified,
)
from api.desk.complaints.legal_clock import Suspension
from ledger.domain.events.complaint import Outcome
from ledger.domain.values.dates import shanghai_date

__all__ = ["CaseFile", "Stage", "advanced", "begun", "folded"]

Stage = Literal[
    "registered", "accepted", "declined", "forwarded", "replied", "mediated", "closed", "notified", "published"
]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Days are calendar dates in Asia/Shanghai, None where the step was not made. `holder` is the officer whose file
    it is, None for one that nobody has taken. `forwarded_on` stays where mediation followed without a reply."""

    steps: tuple[AnyStep, ...]
    registered: CaseRegistered
    stage: Stage
    subject: str | None
    holder: str | None
    product_class: str | None = None
    issue: Issue | None = None
    accepted_on: date | None = None
    decided_on: date | None = None  # accepted or declined
    forwarded_on: date | None = None
    replied_on: date | None = None
    substantive: bool = False
    mediated_on: date | None = None
    closed_on: date | None = None
    outcome: Outcome | None = None
    reason: str = ""
    notified_on: date | None = None
    told_on: date | None = None
    entry: int | None = None
    suspensions: tuple[Suspension, ...] = ()

    @property
    def version(self) -> int:
        """How many steps it has; a form says on which it was filled."""
        return len(self.steps)

    @property
    def suspended(self) -> bool:
        return bool(self.suspensions) and self.suspensions[-1].until is None


def begun(step: CaseRegistered) -> CaseFile:
    """A file of one step. Whoever registers it at the desk has it."""
    return CaseFile((step,), step, "registered", step.subject, step.by or None)


def folded(steps: Sequence[AnyStep]) -> CaseFile:
    """The file of these steps, the first of which registered it."""
    first = steps[0]
    assert isinstance(first, CaseRegistered)
    return reduce(advanced, steps[1:], begun(first))


def advanced(file: CaseFile, step: AnyStep) -> CaseFile:
    """The file with one more step, whether it may follow or not."""
    file, on = replace(file, steps=(*file.steps, step)), shanghai_date(step.at)
    match step:
        case CaseIdentified():
            return replace(file, subject=step.subject)
        case CaseAccepted():
            named = replace(file, product_class=step.product_class, issue=step.issue)
            return replace(named, stage="accepted", accepted_on=on, decided_on=on)
        case CaseDeclined():
            named = replace(file, product_class=step.product_class, issue=step.issue)
            return replace(named, stage="declined", decided_on=on, reason=step.ground)
        case CaseForwarded():
            return replace(file, stage="forwarded", forwarded_on=on)
        case EnterpriseReplied():
            stage: Stage = "replied" if file.stage == "forwarded" else file.stage
            return replace(file, stage=stage, replied_on=step.replied_on, substantive=step.substantive)
        case MediationHeld():
            return replace(file, stage="mediated", mediated_on=file.mediated_on or on)
        case CaseClosed():
            reason = step.reason or file.reason
            return replace(file, stage="closed", closed_on=on, outcome=step.outcome, reason=reason)
        case PartiesNotified():
            return replace(file, stage="notified", notified_on=step.notified_on, told_on=on)
        case CasePublished():
            return replace(file, stage="published", entry=step.entry)
        case CaseSuspended():
            return replace(file, suspensions=(*file.suspensions, Suspension(on, None, step.reason)))
        case CaseResumed():
            ended = file.suspensions[-1]._replace(until=on) if file.suspensions else None
            return replace(file, suspensions=(*file.suspensions[:-1], *([ended] if ended else [])))
        case CaseHandedOver():
            return replace(file, holder=step.to)
    return file  # notes and what was told are read from the steps
