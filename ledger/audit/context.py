"""Sizes and times of all checkpoints, for looking up by which one an entry was first covered."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from msgspec import Struct

from ledger.audit.findings import Findings
from ledger.audit.governance_timeline import Timeline

__all__ = ["AuditContext", "Heads"]


class Heads(Struct, frozen=True):
    """In the order of sizes. Picklable."""

    sizes: array[int]
    times: array[int]
    gaps: tuple[tuple[int, int], ...] = ()  # entries [start, stop) whose checkpoint is missing: their time is not known

    def known(self, index: int) -> bool:
        """Whether the checkpoint that first covered the entry is there."""
        return not any(start <= index < stop for start, stop in self.gaps)

    def covering(self, index: int) -> int:
        """The place of the first checkpoint that covers the entry; the last one for entries that none covers."""
        return min(bisect_right(self.sizes, index), len(self.sizes) - 1)

    def time(self, index: int) -> int:
        return self.times[self.covering(index)]


class AuditContext(Struct, frozen=True):
    """`timed`: whether the source says when entries were recorded. `verified_below`: signatures of entries below were
    verified by an earlier audit of the same tree. `suspects`: entries whose bytes are not those of the tree.
    `rules_broken_at`: the first broken governing entry.
    """

    origin: str
    timeline: Timeline
    heads: Heads
    findings: Findings
    charter_size: int
    timed: bool
    verified_below: int = 0
    suspects: frozenset[int] = frozenset()
    rules_broken_at: int | None = None

    def rules_hold(self, index: int) -> bool:
        """Whether everything that governs the entry is in order."""
        return self.rules_broken_at is None or index <= self.rules_broken_at
