"""What the checks of all streams have in common."""

from __future__ import annotations

from msgspec import Struct

from ledger.audit.findings import Findings
from ledger.audit.heads import Heads
from ledger.audit.timeline import Timeline

__all__ = ["Setting"]


class Setting(Struct, frozen=True):
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
