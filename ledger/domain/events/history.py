"""What went wrong with the log itself, said in the log: entries that it had signed and lost.

An append-only log that goes on from an older state has signed two histories. That cannot be undone or hidden; what
can be done is to say so where everybody reads it, as the first entry of what follows.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ledger.domain.events.base import Digest, Event, Line
from ledger.limits import TREE_SIZE_MAX

__all__ = ["HistoryGivenUp"]


class HistoryGivenUp(Event, frozen=True, kw_only=True, tag="HistoryGivenUp"):
    """The log had signed `lost_size` entries with the root `lost_root`, and goes on from `kept_size` and `kept_root`.

    What lies between is lost: receipts for it still show that it was registered, and no longer where. `reason`: what
    happened, for those who hold such receipts.
    """

    lost_size: Annotated[int, Meta(ge=1, le=TREE_SIZE_MAX)]
    lost_root: Digest
    kept_size: Annotated[int, Meta(ge=1, le=TREE_SIZE_MAX)]
    kept_root: Digest
    reason: Line
