"""Legal holds: while one lasts, no body or attachment that it covers is erased. Open statements of the data officer.

Here is what is said, and what it adds up to; what may be said is in `ledger/domain/rules/legal_hold.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Final, TypeAlias

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.legal_hold import LegalHoldPlaced, LegalHoldReleased
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Slot, only_open
from ledger.domain.state.step import in_slot
from ledger.errors import Refused

__all__ = ["LEGAL_HOLDS", "STEPS", "LegalHold", "LegalHolds", "require_no_hold", "step"]


class LegalHold(Struct, frozen=True, gc=False):
    """The `LegalHoldPlaced` at `index`; `released_by` is the entry that ended it."""

    index: int
    effective_on: date
    entry: int | None
    released_by: int | None = None


LegalHolds: TypeAlias = Map[int, LegalHold]  # by the index of the entry that placed each


def step(holds: LegalHolds, at: Recorded, event: LegalHoldPlaced | LegalHoldReleased) -> LegalHolds:
    """The holds with one more, or with one of them released."""
    if isinstance(event, LegalHoldPlaced):
        return holds.set(at.index, LegalHold(at.index, event.effective_on, event.entry))
    hold = holds.get(event.hold)
    return holds if hold is None else holds.set(event.hold, replace(hold, released_by=at.index))


def require_no_hold(record: EnterpriseRecord, entry: int) -> None:
    """Raise `Refused`, naming the hold, while one covers the entry."""
    for hold in sorted(LEGAL_HOLDS.of(record).values(), key=lambda one: one.index):
        if hold.released_by is None and hold.entry in (None, entry):
            raise Refused(
                "erasure.legal_hold",
                f"该内容受第 {hold.index} 条记录的法律保全限制，解除之前不得删除",
                f"entry {hold.index} placed a legal hold on this: it may be erased once that is released",
                str(hold.index),
            )


LEGAL_HOLDS: Final[Slot[LegalHolds]] = Slot("legal_holds", Map(), forget=only_open)

STEPS: Final = (
    in_slot(LEGAL_HOLDS, LegalHoldPlaced, step),
    in_slot(LEGAL_HOLDS, LegalHoldReleased, step),
)
