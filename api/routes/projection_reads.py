"""What every read of a projection has: `?min_tree_size=N` (wait until it holds N entries), headers, entity tags."""

from __future__ import annotations

from fastapi import Query, Request
from starlette.responses import Response

from api.http.conditional import entity_tag
from api.http.errors import InvalidRequest
from api.service.process_role import ReadsOnly
from api.service.service import Service
from ledger.errors import Busy
from ledger.limits import READER_BEHIND_ENTRIES_MAX, TREE_SIZE_WAIT_SECONDS_MAX
from projections.declarations.declaration_view import Document

__all__ = ["conditional", "headers", "min_tree_size", "wait_for_size"]


async def min_tree_size(request: Request, min_tree_size: int | None = Query(None, ge=0)) -> None:
    """As a dependency of a router."""
    await wait_for_size(request.app.state.service, min_tree_size)


async def wait_for_size(service: Service, size: int | None) -> None:
    """Wait until the projections hold `size` entries; costs no thread.

    Raises `Busy` after `TREE_SIZE_WAIT_SECONDS_MAX`; `InvalidRequest`, at once, for a size that the log itself does
    not have: nothing that its client could have been told is of that size. On a standby the log may come later.
    """
    if size is None or service.progress.size >= size:
        return
    ahead = READER_BEHIND_ENTRIES_MAX if isinstance(service.role, ReadsOnly) else 0  # what the writer may have more
    if size > service.log_grown.size and size - ahead > (log_size := await service.log_size()):
        raise InvalidRequest("request.min_tree_size", f"账本只有 {log_size} 条记录", f"the log has {log_size} entries")
    reached = await service.projected.wait(size, TREE_SIZE_WAIT_SECONDS_MAX)
    if reached < size:
        raise Busy(f"the way to {size} entries ({reached} are read)")


def headers(service: Service) -> dict[str, str]:
    """How far the projections are, and that nothing of it keeps for long."""
    return {"Ledger-Tree-Size": str(service.progress.size), "Cache-Control": "public, max-age=10"}


def conditional(request: Request, service: Service, document: Document) -> Response:
    """The document; whether the client has it is seen to by `api/http/conditional.py`."""
    answer = {**headers(service), "ETag": entity_tag(document.etag.strip('"'))}
    return Response(document.body, headers=answer, media_type="application/json")
