"""The `evolve` of pledges, of complaint outcomes and of every other noun: their own steps, put into the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from ledger.domain.events.base import Event, Recorded
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded, ComplaintReplied
from ledger.domain.rules.context import Evolve
from ledger.domain.state import complaint
from ledger.domain.state.pledge import Pledges
from ledger.domain.state.record import About, EnterpriseRecord, outcome_root
from ledger.domain.state.slot import Slot

__all__ = ["in_noun", "on_pledges", "outcome_corrected", "outcome_recorded", "outcome_replied"]

State = TypeVar("State")


def in_noun(noun: Slot[State], step: Callable[[State, Recorded, Any], State]) -> Evolve:
    """`step(state, recorded, event)` as a step of the record."""

    def evolve(record: EnterpriseRecord, at: Recorded, event: Event) -> tuple[EnterpriseRecord, About]:
        state = step(noun.of(record), at, event)
        return replace(record, nouns=record.nouns.set(noun.key, state)), None

    return evolve


def on_pledges(step: Callable[[Pledges, Recorded, Any], tuple[Pledges, bytes]]) -> Evolve:
    """`step(pledges, recorded, event)`, which also names the pledge, as a step of the record."""

    def evolve(record: EnterpriseRecord, at: Recorded, event: Event) -> tuple[EnterpriseRecord, About]:
        pledges, statement_id = step(record.pledges, at, event)
        return replace(record, pledges=pledges), statement_id

    return evolve


def outcome_recorded(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeRecorded
) -> tuple[EnterpriseRecord, About]:
    outcomes, root = complaint.recorded(record.outcomes, at, event)
    return replace(record, outcomes=outcomes), root


def outcome_corrected(
    record: EnterpriseRecord, at: Recorded, event: ComplaintOutcomeCorrected
) -> tuple[EnterpriseRecord, About]:
    root = outcome_root(record, event.corrects)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.corrected(record.outcomes, at, event, root)), root


def outcome_replied(record: EnterpriseRecord, at: Recorded, event: ComplaintReplied) -> tuple[EnterpriseRecord, About]:
    root = outcome_root(record, event.outcome_entry)
    if root is None:
        return record, None
    return replace(record, outcomes=complaint.replied(record.outcomes, at, event, root)), root
