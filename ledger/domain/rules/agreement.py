"""What may be said about agreements: each word once, a default after notice, a performance even after a default."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.agreement import AgreementDefaulted, AgreementPerformed
from ledger.domain.rules.complaint import require_notice
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.agreement import AGREEMENTS, Defaulted, Performed, agreed
from ledger.domain.state.complaint import OUTCOMES, OutcomeState
from ledger.domain.state.finding import is_annulled
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import month_of
from ledger.errors import Refused

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def perform(record: _Record, event: AgreementPerformed, ctx: Context) -> _Facts:
    """Of an agreement, once; after a default too, which keeps its finding."""
    record = require_registered(record, ctx)
    outcome = _agreement(record, event.outcome_entry)
    _after_the_case(outcome, event.performed, month_of(event.effective_on))
    _not_performed(record, event.outcome_entry)
    return ()


def default(record: _Record, event: AgreementDefaulted, ctx: Context) -> _Facts:
    """Of an agreement that was due and not performed, once, after notice to the enterprise."""
    record = require_registered(record, ctx)
    outcome = _agreement(record, event.outcome_entry)
    _after_the_case(outcome, event.due, month_of(event.effective_on))
    _not_performed(record, event.outcome_entry)
    for one in AGREEMENTS.of(record).about(event.outcome_entry, record.repudiated):
        if isinstance(one, Defaulted) and not is_annulled(record, one.index):
            raise Refused(
                "agreement.already_defaulted",
                f"第 {one.index} 条记录已登记未履行",
                f"entry {one.index} says already that it was not performed",
                str(event.outcome_entry),
            )
    require_notice(event, event.notified_on, ctx)
    return ()


def _agreement(record: EnterpriseRecord, entry: int) -> OutcomeState:
    if entry not in OUTCOMES.of(record).by_entry or entry in record.repudiated:
        raise Refused(
            "agreement.no_such_outcome",
            "该企业名下没有这条办理结果（或其正文已删除、已被否认）；更正过的请写最初那条记录",
            "this enterprise has no such outcome (or its body is erased, or it was repudiated); of one that was "
            "corrected, name the first entry",
            str(entry),
        )
    found = agreed(record, entry)
    if found is None:
        raise Refused(
            "agreement.none_reached",
            "该投诉的最新办理结果不是和解或调解达成",
            "the complaint, as it stands now, did not end with an agreement",
            str(entry),
        )
    return found[0]


def _after_the_case(outcome: OutcomeState, month: str, latest: str) -> None:
    if not outcome.closed <= month <= latest:
        raise Refused(
            "agreement.month_order",
            f"月份应在办结（{outcome.closed}）与生效（{latest}）之间",
            f"the month lies between that in which the case closed, {outcome.closed}, and that of effect, {latest}",
            month,
        )


def _not_performed(record: EnterpriseRecord, entry: int) -> None:
    for one in AGREEMENTS.of(record).about(entry, record.repudiated):
        if isinstance(one, Performed):
            raise Refused(
                "agreement.already_performed",
                f"第 {one.index} 条记录已登记履行",
                f"entry {one.index} says already that it was performed",
                str(entry),
            )


EVENTS: Final = (
    spec("enterprise", AgreementPerformed, ("handling_body",), perform, "sealed"),
    spec("enterprise", AgreementDefaulted, ("handling_body",), default, "sealed"),
)
