"""Breaches of a pledge, found by the organizer after the enterprise was heard, and corrected. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/breach.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.events.base import EntryIndex, Event, Line, Text
from ledger.domain.events.finding import Severity
from ledger.domain.events.pledge import ClauseId, PledgeCode

__all__ = ["BreachCorrected", "BreachFound"]


class BreachFound(Event, frozen=True, kw_only=True, tag="BreachFound"):
    """The pledge published as `code` was broken on `breached_on`, in these clauses (none: in its content).

    `heard_on`: when the enterprise had its say on it.
    """

    code: PledgeCode
    clauses: Annotated[tuple[ClauseId, ...], Meta(max_length=64)] = ()
    severity: Severity
    breached_on: date
    heard_on: date
    explanation: Text
    fact_id: Line | None = None


class BreachCorrected(Event, frozen=True, kw_only=True, tag="BreachCorrected"):
    """By another officer than the one who recorded it. What is given stands in place of what was recorded.

    `corrects` names the breach, or the newest correction of it. `void`: the breach counts for nothing.
    """

    corrects: EntryIndex
    explanation: Text
    void: bool = False
    clauses: Annotated[tuple[ClauseId, ...], Meta(max_length=64)] = ()
    severity: Severity
    fact_id: Line | None = None
