"""`?min_tree_size=N` on every read of a projection: wait until it holds N entries."""

from __future__ import annotations

from fastapi import Query, Request

from api.service.service import Service
from ledger.errors import Busy
from ledger.limits import TREE_SIZE_WAIT_SECONDS_MAX

__all__ = ["min_tree_size", "wait_for_size"]


async def min_tree_size(request: Request, min_tree_size: int | None = Query(None, ge=0)) -> None:
    """As a dependency of a router."""
    await wait_for_size(request.app.state.service, min_tree_size)


async def wait_for_size(service: Service, size: int | None) -> None:
    """Wait until the projections hold `size` entries; costs no thread.

    Raises `Busy` after `TREE_SIZE_WAIT_SECONDS_MAX`, and at once for a size that the log itself does not have.
    """
    if size is None or service.progress.size >= size:
        return
    if size > service.log_grown.size and size > (log_size := await service.log_size()):
        raise Busy(f"the log of {log_size} entries, which has no {size} yet")
    reached = await service.projected.wait(size, TREE_SIZE_WAIT_SECONDS_MAX)
    if reached < size:
        raise Busy(f"the way to {size} entries ({reached} are read)")
