"""The completeness map as the book knows it: roots that the log operator published, each for a size of the log.

What the map is, and what a root proves, is in `ledger/tlog/prefix.py`; whether a root is the right one, the book cannot
tell: that takes replaying it (`credit-ledger map check`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ledger.domain.events.base import Digest, Event
from ledger.limits import TREE_SIZE_MAX

__all__ = ["MapRootPublished"]


class MapRootPublished(Event, frozen=True, kw_only=True, tag="MapRootPublished"):
    """The map over the first `tree_size` entries has this `root`, and holds `subjects` streams of any kind."""

    root: Digest
    tree_size: Annotated[int, Meta(ge=1, le=TREE_SIZE_MAX)]
    subjects: Annotated[int, Meta(ge=1, le=TREE_SIZE_MAX)]
