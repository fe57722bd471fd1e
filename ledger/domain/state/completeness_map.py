"""The completeness map as the book knows it: roots that the log operator published, each for a size of the log.

What the map is, and what a root proves, is in `ledger/tlog/prefix.py`; whether a root is the right one, the book cannot
tell: that takes replaying it (`credit-ledger map check`).
"""

from __future__ import annotations

from msgspec import Struct

from ledger.domain.events.base import Recorded
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.limits import MAP_ROOTS_KEPT_MAX

__all__ = ["MapRoot", "evolve_map"]


class MapRoot(Struct, frozen=True):
    """A root (32 bytes) over the first `tree_size` entries, published by entry `index`."""

    index: int
    tree_size: int
    root: bytes
    subjects: int


def evolve_map(roots: tuple[MapRoot, ...], at: Recorded) -> tuple[MapRoot, ...]:
    """The newest roots, oldest first, after one more event of the stream `map`."""
    event = at.event
    if not isinstance(event, MapRootPublished):
        return roots
    published = MapRoot(at.index, event.tree_size, bytes.fromhex(event.root), event.subjects)
    return (*roots, published)[-MAP_ROOTS_KEPT_MAX:]
