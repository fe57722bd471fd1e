"""Sizes and times of all checkpoints, for looking up by which one an entry was first covered."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from msgspec import Struct

__all__ = ["Heads"]


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
