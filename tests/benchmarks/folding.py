"""What the processes of the comparison's floor do: fold streams. Imports no more than that needs."""

from __future__ import annotations

import gc

from ledger.domain.state.fold import fold
from ledger.store.copy_reader import copy_streams
from projections.db.entry_content import content
from projections.standing.level_history import without_erased

__all__ = ["begin", "fold_part"]


def begin() -> None:
    """As in the processes that compare."""
    gc.freeze()
    gc.set_threshold(50_000)


def fold_part(conninfo: str, first: str, last: str, size: int) -> int:
    """All streams of a part; how many entries they have."""
    entries = 0
    for stream in copy_streams(conninfo, first, last, size):
        fold(None, without_erased([content(row) for row in stream]))
        entries += len(stream)
    return entries
