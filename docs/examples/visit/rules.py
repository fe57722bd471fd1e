"""What may be said about visits: one a day at the same premises."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.visit import PremisesVisited
from ledger.domain.state.visit import VISITS

from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused

__all__ = ["EVENTS"]


def visit(record: EnterpriseRecord | None, event: PremisesVisited, ctx: Context) -> tuple[UniqueFact, ...]:
    """Once a day at the same premises."""
    record = require_registered(record, ctx)
    for index, one in VISITS.of(record).items():
        same = one.premises == event.premises and one.effective_on == event.effective_on
        if same and index not in record.repudiated:
            raise Refused(
                "visit.twice_a_day",
                f"当日已登记对该场所的走访: 第 {index} 条记录",
                f"a visit to these premises on that day is recorded already, by entry {index}",
                event.premises,
            )
    return ()


EVENTS: Final = (spec("enterprise", PremisesVisited, ("organizer",), visit),)
