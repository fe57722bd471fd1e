"""Words that very many names hold, by the database's own statistics: such names are read on, not looked up.

An index of a million names answers "what holds 餐饮管理" with thirty thousand rows before the first one is read; by
reading the table itself, one of thirty is found at once. Small books need no such thing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from projections.db.reads import Reading
from projections.search.grams import name_grams

__all__ = ["CommonWords", "CommonWordsReader"]

LARGE: Final = 100_000  # names; among fewer any look-up is quick
_COMMON: Final = 1 / 60  # of all names: about where reading on gets quicker than the index
_SECONDS_KEPT: Final = 600.0


@dataclass(frozen=True, slots=True)
class CommonWords:
    """What is known of the names of a book: whether they are very many, and the share of them that has a gram."""

    large: bool
    shares: Mapping[int, float]

    def hold_all(self, words: Sequence[str]) -> bool:
        """Whether names that hold all these words are so many that they are found by reading on."""
        if not self.large:
            return False
        return prod(min(self.shares.get(gram, 0.0) for gram in name_grams(word)) for word in words) >= _COMMON


class CommonWordsReader:
    """Thread-safe. Statistics are the planner's, a few minutes old; a wrong guess costs time, never an answer."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lock = threading.Lock()
        self._known = CommonWords(large=False, shares={})
        self._until = -1.0

    def read(self) -> CommonWords:
        """Raises `Unavailable`."""
        with self._lock:
            if time.monotonic() < self._until:
                return self._known
            self._until = time.monotonic() + _SECONDS_KEPT  # the others go on with what is known
        row = self._reading.row("common_grams", {})
        assert row is not None, "the table of enterprises has a row among the tables"
        grams, shares, rows = row
        known = CommonWords(rows >= LARGE, dict(zip(grams, shares[: len(grams)], strict=True)))
        with self._lock:
            self._known = known
        return known
