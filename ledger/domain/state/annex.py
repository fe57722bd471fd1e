"""Annexes that were taken down: that they are gone, and by which entry. Which files entries name is said elsewhere."""

from __future__ import annotations

from typing import Final, TypeAlias

from immutables import Map

from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Recorded
from ledger.domain.state.slot import Slot, only_open
from ledger.domain.state.step import in_slot

__all__ = ["STEPS", "TAKEN_DOWN", "TakenDown", "taken_down"]

TakenDown: TypeAlias = Map[str, int]  # SHA-256 → the entry that took it down


def taken_down(state: TakenDown, at: Recorded, event: AnnexTakenDown) -> TakenDown:
    return state.set(event.annex, at.index)


TAKEN_DOWN: Final[Slot[TakenDown]] = Slot("annexes_taken_down", Map(), forget=only_open)

STEPS: Final = (in_slot(TAKEN_DOWN, AnnexTakenDown, taken_down),)
