"""Annexes that were taken down: that they are gone, and by which entry. Which files entries name is said elsewhere."""

from __future__ import annotations

from typing import TypeAlias

from immutables import Map

from ledger.domain.event import Digest, Event, Line, Recorded

__all__ = ["AnnexTakenDown", "TakenDown", "taken_down"]


class AnnexTakenDown(Event, frozen=True, kw_only=True, tag="AnnexTakenDown"):
    """A data officer had a public file that an entry of this stream names destroyed, wherever it was named.

    The entries that name it stay, with its SHA-256 and length; no proof changes. `ground` says why, without repeating
    what must not be public.
    """

    annex: Digest
    ground: Line


TakenDown: TypeAlias = Map[str, int]  # SHA-256 → the entry that took it down


def taken_down(state: TakenDown, at: Recorded, event: AnnexTakenDown) -> TakenDown:
    return state.set(event.annex, at.index)
