"""What may be said about legal holds: on what can be erased, within a limit, and each released once."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.legal_hold import LegalHoldPlaced, LegalHoldReleased
from ledger.domain.rules.entry_conditions import entry_of
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.legal_hold import LEGAL_HOLDS
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import LEGAL_HOLDS_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def place(record: _Record, event: LegalHoldPlaced, ctx: Context) -> _Facts:
    """On an entry of this stream that was not erased (its body and attachments), or on the whole stream."""
    if record is None:
        raise Refused("hold.no_stream", "该主体名下没有记录", "there is no entry about this subject", ctx.subject)
    if event.entry is not None:
        entry_of(record, event.entry, ctx)
        if event.entry in record.erased:
            raise Refused(
                "hold.nothing_to_keep",
                "该条记录的正文已删除，没有可保全的内容",
                "the body of this entry is erased: there is nothing left to keep",
                str(event.entry),
            )
    if len(LEGAL_HOLDS.of(record)) >= LEGAL_HOLDS_MAX:
        raise Refused(
            "hold.max",
            f"一家企业最多登记 {LEGAL_HOLDS_MAX} 项保全",
            f"an enterprise has {LEGAL_HOLDS_MAX} legal holds at most",
        )
    return ()


def release(record: _Record, event: LegalHoldReleased, ctx: Context) -> _Facts:
    """Of a hold of this stream, once."""
    hold = None if record is None else LEGAL_HOLDS.of(record).get(event.hold)
    if hold is None:
        raise Refused(
            "hold.no_such_hold",
            "该条记录不是这家企业的法律保全",
            "this entry places no legal hold on this enterprise",
            str(event.hold),
        )
    if hold.released_by is not None:
        raise Refused(
            "hold.released_once",
            f"该保全已由第 {hold.released_by} 条记录解除",
            f"this hold was released already, by entry {hold.released_by}",
            str(event.hold),
        )
    return ()


EVENTS: Final = (
    spec("enterprise", LegalHoldPlaced, ("data_officer",), place),
    spec("enterprise", LegalHoldReleased, ("data_officer",), release),
)
