"""Visits: an organizer looked whether the pledge hangs where customers see it. The example of docs/contributing.md."""

from __future__ import annotations

from ledger.domain.events.base import Event, Line

__all__ = ["PremisesVisited"]


class PremisesVisited(Event, frozen=True, kw_only=True, tag="PremisesVisited"):
    """An organizer visited `premises`; `displayed`: whether the pledge hung where customers see it."""

    premises: Line
    displayed: bool
