"""`/v1/enterprises`: search, one enterprise in short, its declarations and every event about it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import read_bounded
from api.http.enterprise_ids import name_of, plausible, subject_of
from api.http.errors import InvalidRequest
from api.routes.bundle_answer import bundle_answer
from api.routes.projection_reads import conditional, headers, min_tree_size
from api.service.event_json import event_json
from api.service.service import Service
from ledger.limits import (
    EVENTS_PAGE_MAX,
    LEAF_INDEX_ASKED_MAX,
    SEARCH_PAGE_MAX,
    STANDINGS_QUERY_BYTES_MAX,
    STANDINGS_QUERY_IDS_MAX,
)
from projections.search.matching import MATCHED
from projections.search.search_view import SearchHit

__all__ = ["router"]

router = APIRouter(prefix="/v1/enterprises", tags=["enterprises"], dependencies=[Depends(min_tree_size)])


@router.get("", summary="Search by name, former name or code; by campaign; never by level")
def search(
    request: Request,
    q: str = "",
    campaign: str = "",
    cursor: str = "",
    limit: int = Query(20, ge=1, le=SEARCH_PAGE_MAX),
) -> Response:
    service: Service = request.app.state.service
    in_campaign = campaign if not campaign or ":" in campaign else f"campaign:{campaign}"
    page = service.views.search.search(q, campaign=in_campaign, cursor=cursor, limit=limit)
    if not page.found:
        service.require_current()
    found = [_found(one) for one in page.found]
    return _json(service, {"enterprises": found, "cursor": page.cursor or None})


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ids: list[str]


_ASKED: Final = msgspec.json.Decoder(_Asked).decode


@router.post("/query", summary="Names, former names and more of up to 1,000 enterprises, null where the book has none")
async def query(request: Request) -> Response:
    service: Service = request.app.state.service
    content = await read_bounded(request.receive, STANDINGS_QUERY_BYTES_MAX)
    try:
        asked = _ASKED(content).ids
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("enterprises.query", '请求应为 {"ids": [...]}', 'the request is {"ids": [...]}') from None
    if len(asked) > STANDINGS_QUERY_IDS_MAX:
        most = STANDINGS_QUERY_IDS_MAX
        raise InvalidRequest("enterprises.too_many", f"一次最多 {most} 个", f"at most {most} ids at once")
    subjects = [subject_of(one) for one in asked]
    found = await run_in_threadpool(service.views.search.enterprises, sorted(set(subjects)))
    said = [msgspec.Raw(one.body) if (one := found.get(subject)) is not None else None for subject in subjects]
    return _json(service, {"enterprises": said})


@router.get("/{name}", summary="The enterprise, its standing in short, links")
async def enterprise(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    subject = subject_of(name)
    served = await service.standings.current(subject, service.today())
    known = await service.off_loop(service.views.search.enterprise, subject)
    if known is None or not served.in_book:
        service.require_current()
    if known is None and not served.in_book and not plausible(subject):
        raise InvalidRequest("enterprise.check_digit", "统一社会信用代码的校验位不正确", "the check digit is wrong")
    here = f"/v1/enterprises/{name_of(subject)}"
    about: dict[str, Any] = {"subject": subject, "name": None}
    if known is not None:
        about = msgspec.json.decode(known.body)
    about |= {
        "id": name_of(subject),
        "in_book": served.in_book,
        "standing": {"level": served.level.value, "next_change_on": served.until_on},
        "links": {what: f"{here}/{what}" for what in ("standing", "declarations", "events")},
    }
    if service.governance.map_roots:
        about["links"]["proof"] = f"{here}/proof"
    return _json(service, about)


@router.get("/{name}/declarations", summary="Public self-declaration records: pledges and what became of them")
def declarations(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    subject = subject_of(name)
    document = service.views.declarations.declarations(subject, service.today())
    if document is None:
        service.require_current()
        return _json(service, {"subject": subject, "pledges": []})
    return conditional(request, service, document)


@router.get("/{name}/events", summary="Every event about it, in order")
def events(
    name: str,
    request: Request,
    after: int = Query(
        -1, ge=-1, le=LEAF_INDEX_ASKED_MAX, description="Leaf index of the last one that is known already"
    ),
    limit: int = Query(100, ge=1, le=EVENTS_PAGE_MAX),
) -> Response:
    service: Service = request.app.state.service
    indices = service.store.stream_indices(subject_of(name), after_index=after, limit=limit + 1)
    rows = service.store.entries_at(indices[:limit])
    following = indices[limit - 1] if len(indices) > limit else None
    return _json(service, {"events": [event_json(service, row) for row in rows.values()], "after": following})


@router.get("/{name}/proof", summary="Completeness bundle: its stream, shown to be whole, and what that rests on")
def proof(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    return bundle_answer(subject_of(name), service.bundles, headers(service))


def _found(one: SearchHit) -> dict[str, Any]:
    about: dict[str, Any] = {
        "id": name_of(one.subject),
        "subject": one.subject,
        "code": one.code or None,
        "name": one.name,
    }
    if one.matched is not None:
        zh, en = MATCHED[one.matched]
        about |= {"matched": one.matched, "matched_zh": zh, "matched_en": en}
    if one.former_name is not None:
        about["former_name"] = one.former_name
    return about


def _json(service: Service, value: object) -> Response:
    return Response(msgspec.json.encode(value), headers=headers(service), media_type="application/json")
