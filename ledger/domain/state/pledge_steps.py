"""The steps of pledge events: those of `pledge.py`, put into the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ledger.domain.events.base import Event, Recorded
from ledger.domain.events.pledge import (
    FulfilmentAssessed,
    PledgeMade,
    PledgePublished,
    PledgeReplaced,
    PledgeRevoked,
    PledgeWithdrawn,
)
from ledger.domain.state import pledge
from ledger.domain.state.pledge import Pledges
from ledger.domain.state.record import About, EnterpriseRecord
from ledger.domain.state.step import Evolve, Step

__all__ = ["STEPS"]


def _on_pledges(step: Callable[[Pledges, Recorded, Any], tuple[Pledges, bytes]]) -> Evolve:
    """`step(pledges, recorded, event)`, which also names the pledge, as a step of the record."""

    def evolve(record: EnterpriseRecord, at: Recorded, event: Event) -> tuple[EnterpriseRecord, About]:
        pledges, statement_id = step(record.pledges, at, event)
        return replace(record, pledges=pledges), statement_id

    return evolve


STEPS: Final = (
    Step(PledgeMade, _on_pledges(pledge.made), textual=True),
    Step(PledgePublished, _on_pledges(pledge.published), bears=True),
    Step(PledgeReplaced, _on_pledges(pledge.replaced), bears=True, textual=True),
    Step(PledgeWithdrawn, _on_pledges(pledge.ended), bears=True),
    Step(PledgeRevoked, _on_pledges(pledge.ended), bears=True),
    Step(FulfilmentAssessed, _on_pledges(pledge.assessed), bears=True),
)
