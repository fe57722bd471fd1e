"""Credit repair (信用修复): applied for by the enterprise, decided by the body that made the record. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/repair.py`. A repair ends what
an entry costs from its date on; the entry stays, and counted before.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ledger.domain.events.base import Digest, EntryIndex, Event, Text

__all__ = ["RepairApplied", "RepairApproved", "RepairRefused", "RepairRescinded"]


class RepairApplied(Event, frozen=True, kw_only=True, tag="RepairApplied"):
    """The enterprise asks that entry `entry` cost nothing any more, and says how it made good.

    `evidence`: SHA-256 of documents that were handed in.
    """

    entry: EntryIndex
    made_good: Text
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=16)] = ()


class RepairApproved(Event, frozen=True, kw_only=True, tag="RepairApproved"):
    """What entry `entry` recorded costs nothing from `effective_on`, as asked for by `application`."""

    application: EntryIndex
    entry: EntryIndex
    explanation: Text


class RepairRefused(Event, frozen=True, kw_only=True, tag="RepairRefused"):
    """Entry `entry` goes on costing what it costs; `application` is closed, another may be made."""

    application: EntryIndex
    entry: EntryIndex
    explanation: Text


class RepairRescinded(Event, frozen=True, kw_only=True, tag="RepairRescinded"):
    """The repair that `approval` granted was obtained wrongly: entry `entry` counts again from `effective_on`."""

    approval: EntryIndex
    entry: EntryIndex
    explanation: Text
