"""`GET /v1/accesses`: who read what is not public, for regulators, data officers, and enterprises about themselves.

By day for the log operator too, who registers each day's digest (`credit-ledger access digest`).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.enterprise_ids import subject_of
from api.http.errors import InvalidRequest
from api.service.service import Service
from api.service.signed_requests import authenticated
from ledger.domain.values.dates import shanghai_date
from ledger.limits import ACCESSES_PAGE_MAX

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["accesses"])

_SEE_ALL: Final = frozenset(("regulator", "data_officer"))
_SETTLED_SECONDS: Final = 60  # a row whose time was taken before midnight may become visible after it


@router.get("/accesses", summary="The access log about an enterprise (subject=), or of a day (day=); signed request")
def get_accesses(
    request: Request,
    subject: str | None = None,
    day: date | None = None,
    after: int = Query(0, ge=0, le=10**15),
) -> Response:
    service: Service = request.app.state.service
    if (subject is None) == (day is None):
        raise InvalidRequest("accesses.one", "请给出 subject 或 day 之一", "give either subject or day")
    about = None if subject is None else subject_of(subject)
    reader = authenticated(service, request)
    of_day = day is not None and "log_operator" in reader.roles
    itself = about is not None and reader.party == f"party:{about}"
    if reader.roles.isdisjoint(_SEE_ALL) and not of_day and not itself:
        raise reader.refuse(service, subject=about)
    answer: dict[str, Any] = {}
    if about is not None:
        reader.log(service, "served", subject=about)
        rows = service.store.accesses.about(about, after=after, limit=ACCESSES_PAGE_MAX)
    else:
        assert day is not None  # one of both is given
        reader.log(service, "served")
        rows = service.store.accesses.of_day(day, after=after, limit=ACCESSES_PAGE_MAX)
        newest = service.governance.access_digest
        answer["over"] = shanghai_date(service.clock() - _SETTLED_SECONDS) > day
        answer["published"] = None if newest is None else {"day": newest.day, "digest": newest.digest}
    answer["accesses"] = rows
    answer["after"] = rows[-1].number if len(rows) == ACCESSES_PAGE_MAX else None
    return Response(msgspec.json.encode(answer), headers={"Cache-Control": "no-store"}, media_type="application/json")
