"""What may be taken down: a file that an entry of this stream names, once, unless it is held."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.declaration import naming_annex
from ledger.domain.state.legal_hold import require_no_hold
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused

__all__ = ["EVENTS"]


def take_down(record: EnterpriseRecord | None, event: AnnexTakenDown, ctx: Context) -> tuple[UniqueFact, ...]:
    """Of an annex of this stream. It changes no standing: what a file says is never reckoned with."""
    named = () if record is None else naming_annex(record, event.annex)
    if record is None or not named:
        raise Refused(
            "annex.not_in_stream",
            "该企业的记录没有列明这份附件",
            "no entry of this enterprise names this annex",
            event.annex,
        )
    for entry in named:
        require_no_hold(record, entry)
    return (UniqueFact("annex_taken_down", event.annex),)  # its content is one, whoever else names it


EVENTS: Final = (spec("enterprise", AnnexTakenDown, ("data_officer",), take_down),)
