"""What may be said of the log's own history: that what it had signed is lost, as the first entry after the loss."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.governance import Governance
from ledger.domain.values.subject import MAP
from ledger.errors import Refused

__all__ = ["EVENTS"]


def give_up(governance: Governance, event: HistoryGivenUp, ctx: Context) -> tuple[UniqueFact, ...]:
    """Directly after the entries that are kept. Whether the log had signed what is lost, `serve` looks at."""
    if event.kept_size != ctx.index:
        raise Refused(
            "history.not_the_next",
            f"放弃历史的声明须紧接在保留的记录之后：账本现有 {ctx.index} 条",
            f"a history is given up directly after what is kept: the log has {ctx.index} entries",
            str(event.kept_size),
        )
    return ()


EVENTS: Final = (spec(MAP, HistoryGivenUp, ("root", "log_operator"), give_up),)
