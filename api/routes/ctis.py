"""`POST /v1/ctis/query`: which entries an issuer has in the book under names of its own choosing.

For clients that sign anew what they may have sent before: they learn so without registering anything.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import parsed, read_bounded
from api.http.errors import InvalidRequest
from api.service.service import Service
from ledger.domain.values.subject import parse
from ledger.limits import CTIS_QUERY_BYTES_MAX, CTIS_QUERY_MAX
from ledger.store.contract import Fact

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["feed"])


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    issuer: Annotated[str, Meta(max_length=200)]
    ctis: Annotated[list[Annotated[str, Meta(pattern="^(?:[0-9a-f]{2}){1,64}\\Z")]], Meta(max_length=CTIS_QUERY_MAX)]


_DECODE: Final = msgspec.json.Decoder(_Asked).decode


@router.post("/ctis/query", summary="Which entries statements of an issuer are, by their cti: up to 1,000")
async def query(request: Request) -> Response:
    service: Service = request.app.state.service
    content = await read_bounded(request.receive, CTIS_QUERY_BYTES_MAX)
    try:
        asked = await parsed(_DECODE, content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            "ctis.query",
            f'请求应为 {{"issuer": …, "ctis": [最多 {CTIS_QUERY_MAX} 个，十六进制]}}',
            f'the request is {{"issuer": …, "ctis": [at most {CTIS_QUERY_MAX}, hexadecimal]}}: {error}',
        ) from None
    issuer = parse(asked.issuer)
    facts = [Fact("cti", f"{issuer}/{cti}") for cti in asked.ctis]
    found = await run_in_threadpool(service.store.facts, facts)
    answer = {"entries": [found.get(fact) for fact in facts]}
    return Response(msgspec.json.encode(answer), headers={"Cache-Control": "no-store"}, media_type="application/json")
