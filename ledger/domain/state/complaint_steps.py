"""The steps of complaint outcomes: those of `complaint.py`, put into the record."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded, ComplaintReplied
from ledger.domain.state import complaint
from ledger.domain.state.record import About, EnterpriseRecord, outcome_root
from ledger.domain.state.step import Step

__all__ = ["STEPS"]


def _recorded(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeRecorded
) -> tuple[EnterpriseRecord, About]:
    outcomes, root = complaint.recorded(record.outcomes, at, event)
    return replace(record, outcomes=outcomes), root


def _corrected(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeCorrected
) -> tuple[EnterpriseRecord, About]:
    root = outcome_root(record, event.corrects)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.corrected(record.outcomes, at, event, root)), root


def _replied(record: EnterpriseRecord, at: Recorded, event: ComplaintReplied) -> tuple[EnterpriseRecord, About]:
    root = outcome_root(record, event.outcome_entry)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.replied(record.outcomes, at, event, root)), root


STEPS: Final = (
    Step(ComplaintOutcomeRecorded, _recorded, bears=True),
    Step(ComplaintReplied, _replied),
    Step(ComplaintOutcomeCorrected, _corrected, bears=True),
)
