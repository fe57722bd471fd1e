"""`GET /v1/enterprises/{id}/standing`: the hot read path. Bytes rendered beforehand, one look into a primary key.

Plain ASGI over `api/service/standing_cache.py`; a date or a state of the log is evaluated from the book, in a thread.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api.http.bodies import parsed, read_bounded
from api.http.conditional import entity_tag
from api.http.enterprise_ids import plausible, subject_of
from api.http.errors import InvalidRequest
from api.routes.plain_route import PlainRoute, query_of, size_in
from api.routes.projection_reads import wait_for_size
from api.service.service import SHANGHAI, Service
from ledger.cose.standing_token import sign_standing
from ledger.domain.values.enterprise_code import masked
from ledger.limits import (
    STANDING_MAX_AGE_SECONDS,
    STANDINGS_QUERY_BYTES_MAX,
    STANDINGS_QUERY_IDS_MAX,
)
from projections.standing.render import with_in_book
from projections.standing.standing_view import Served

__all__ = ["StandingRoute", "post_query"]

COSE: Final = "application/cose"
_SIGNED: Final = b"application/cose"
_JSON: Final = msgspec.json.Encoder().encode


class _Query(msgspec.Struct):
    ids: list[str]


_QUERY: Final = msgspec.json.Decoder(_Query).decode


class StandingRoute(PlainRoute):
    """The route of a standing, below the framework. `scope["path_params"]["name"]` is the enterprise."""

    async def _answer(self, scope: Scope) -> Response:
        service = self._service
        subject = subject_of(scope["path_params"]["name"])
        as_of: date | None = None
        tree_size: int | None = None
        if scope["query_string"]:
            query = query_of(scope)
            as_of, tree_size = _date(query.get("as_of")), size_in(query, "tree_size")
            await wait_for_size(service, size_in(query, "min_tree_size"))
        today = service.today()
        if as_of is None and tree_size is None:
            served = await service.standings.current(subject, today)
        else:
            served = await self._replay(subject, as_of or today, tree_size)
        if not served.in_book and not plausible(subject):
            raise InvalidRequest(
                "enterprise.check_digit",
                "统一社会信用代码的校验位不正确",
                "the check digit of this unified social credit code is wrong",
            )
        accepted = [value for name, value in scope["headers"] if name == b"accept"]
        signed = any(_SIGNED in value for value in accepted)
        if as_of is None and tree_size is None and (signed or not served.in_book):
            service.require_current()
        # Bytes may be those of an enterprise that has nothing on record: only `in_book` tells them apart.
        opaque = served.etag.strip('"')  # as the projection keeps it
        tag = entity_tag(opaque if served.in_book else f"{opaque}-unknown")
        headers = {
            "ETag": tag,
            "Ledger-Tree-Size": str(service.progress.size),
            "Cache-Control": _lifetime(served, as_of, tree_size, service.clock()),
            "Vary": "Accept",
        }
        if signed:
            return _signed(service, served, headers)
        return Response(with_in_book(served.body, served.in_book), 200, headers, "application/json")

    async def _replay(self, subject: str, as_of: date, tree_size: int | None) -> Served:
        service = self._service
        size = await run_in_threadpool(service.feed.size)
        if tree_size is not None and tree_size > size:
            raise InvalidRequest("standing.tree_size", f"账本只有 {size} 条记录", f"the log has {size} entries")
        return await run_in_threadpool(
            service.views.standings.replay, subject, as_of, tree_size=tree_size, pinned=True, today=service.today()
        )


async def post_query(request: Request) -> Response:
    """`POST /v1/standings/query`: `{"ids": […]}` in (at most 1,000), one result each, in order."""
    service: Service = request.app.state.service
    content = await read_bounded(request.receive, STANDINGS_QUERY_BYTES_MAX)
    try:
        asked = (await parsed(_QUERY, content)).ids
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("standings.query", '请求应为 {"ids": [...]}', 'the request is {"ids": [...]}') from None
    if len(asked) > STANDINGS_QUERY_IDS_MAX:
        most = STANDINGS_QUERY_IDS_MAX
        raise InvalidRequest("standings.too_many", f"一次最多 {most} 个", f"at most {most} ids at once")
    subjects: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for one in asked:
        try:
            subjects[one] = subject_of(one)
        except InvalidRequest as error:
            wrong[one] = error.kind
    found = await run_in_threadpool(service.views.standings.currents, sorted(set(subjects.values())), service.today())
    if any(not one.in_book for one in found.values()):
        service.require_current()
    results = [_result(one, found.get(subjects.get(one, "")), wrong.get(one)) for one in asked]
    body = b'{"results":[' + b",".join(results) + b"]}"
    return Response(body, headers={"Ledger-Tree-Size": str(service.progress.size)}, media_type="application/json")


def _result(name: str, served: Served | None, error: str | None) -> bytes:
    if served is None:
        return _JSON({"id": masked(name), "error": error or "enterprise.invalid_id"})
    head = _JSON({"id": name, "in_book": served.in_book, "level": served.level.value})
    return head[:-1] + b',"standing":' + with_in_book(served.body, served.in_book) + b"}"


def _signed(service: Service, served: Served, headers: dict[str, str]) -> Response:
    token = sign_standing(
        with_in_book(served.body, served.in_book),
        subject=served.subject,
        origin=service.origin,
        issued_at=service.clock(),
        signer=service.keys_in_force.standing,
    )
    # Signed anew each time: it shares neither the tag of the unsigned one nor its lifetime.
    unsigned = {name: value for name, value in headers.items() if name != "ETag"}
    return Response(token, 200, {**unsigned, "Cache-Control": "private, max-age=0"}, COSE)


def _lifetime(served: Served, as_of: date | None, tree_size: int | None, now: int) -> str:
    """How long an answer may be kept: for ever when date and size are pinned and nothing in it can be closed later,
    else never past a change by time."""
    if as_of is not None and tree_size is not None and served.settled:
        return "public, max-age=31536000, immutable"
    moment = datetime.fromtimestamp(now, SHANGHAI)
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), SHANGHAI)
    left = int((midnight - moment).total_seconds())
    return f"public, max-age={max(0, min(STANDING_MAX_AGE_SECONDS, left))}"


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            "standing.as_of", f"不是日期：{text[:40]}", f"not a date (YYYY-MM-DD): {text[:40]}"
        ) from None
