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

__all__ = ["StandingRoute", "current_standing", "lifetime_unchanged_until", "post_query", "standing_response"]

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
        name = scope["path_params"]["name"]
        as_of: date | None = None
        tree_size: int | None = None
        if scope["query_string"]:
            query = query_of(scope)
            as_of, tree_size = _date(query.get("as_of")), size_in(query, "tree_size")
            await wait_for_size(service, size_in(query, "min_tree_size"))
        size, now = service.progress.size, service.clock()
        current = as_of is None and tree_size is None
        if current:
            served = await current_standing(service, name)
        else:
            served = await self._replay(subject_of(name), as_of or service.today(), tree_size)
            _refuse_unlikely(served)
        response = standing_response(served, size, now, pinned=as_of is not None and tree_size is not None)
        if not any(field == b"accept" and _SIGNED in value for field, value in scope["headers"]):
            return response
        if current:
            service.require_current()
        return _signed(service, served, response)

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


async def current_standing(service: Service, name: str) -> Served:
    """Today's, of the enterprise that an address names. Raises any `LedgerError`, such as for no enterprise's name."""
    served = await service.standings.current(subject_of(name), service.today())
    _refuse_unlikely(served)
    if not served.in_book:
        service.require_current()
    return served


def standing_response(served: Served, size: int, now: int, *, pinned: bool = False) -> Response:
    """As read at Unix time `now`, when the read models held the log up to tree size `size` at least.

    `pinned`: it was asked for a date and a state of the log.
    """
    # Bytes may be those of an enterprise that has nothing on record: only `in_book` tells them apart.
    opaque = served.etag.strip('"')  # as the projection keeps it
    headers = {
        "ETag": entity_tag(opaque if served.in_book else f"{opaque}-unknown"),
        "Ledger-Tree-Size": str(size),
        "Cache-Control": "public, max-age=31536000, immutable" if pinned and served.settled else _lifetime(now),
        "Vary": "Accept",
    }
    return Response(with_in_book(served.body, served.in_book), 200, headers, "application/json")


def _refuse_unlikely(served: Served) -> None:
    if not served.in_book and not plausible(served.subject):
        raise InvalidRequest(
            "enterprise.check_digit",
            "统一社会信用代码的校验位不正确",
            "the check digit of this unified social credit code is wrong",
        )


def _signed(service: Service, served: Served, unsigned: Response) -> Response:
    token = sign_standing(
        bytes(unsigned.body),
        subject=served.subject,
        origin=service.origin,
        issued_at=service.clock(),
        signer=service.keys_in_force.standing,
    )
    # Signed anew each time: it shares neither the tag of the unsigned one nor its lifetime.
    shared = {name: unsigned.headers[name] for name in ("Ledger-Tree-Size", "Vary")}
    return Response(token, 200, {**shared, "Cache-Control": "private, max-age=0"}, COSE)


def _lifetime(now: int) -> str:
    """How long the standing of a day may be kept: never past a change by time. For ever, where date and size are pinned
    and nothing in it can be closed later: `standing_response`."""
    return f"public, max-age={max(0, min(STANDING_MAX_AGE_SECONDS, _midnight_after(now) - now))}"


def lifetime_unchanged_until(now: int) -> int:
    """The Unix time from which an answer made at `now` would name a shorter lifetime, or another day's standing."""
    return _midnight_after(now) - STANDING_MAX_AGE_SECONDS


def _midnight_after(now: int) -> int:
    moment = datetime.fromtimestamp(now, SHANGHAI)
    return int(datetime.combine(moment.date() + timedelta(days=1), time(), SHANGHAI).timestamp())


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            "standing.as_of", f"不是日期：{text[:40]}", f"not a date (YYYY-MM-DD): {text[:40]}"
        ) from None
