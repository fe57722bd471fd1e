"""`GET /m/{serial}`: what a scanned mark is worth, for programs. Plain ASGI, for the crowds.

People, whose browsers ask for `text/html`, get the page of `api/pages/mark_page.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from urllib.parse import unquote

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from api.http.errors import Problem, problem_response
from api.routes.plain_route import PlainRoute, query_of, size_in
from api.routes.projection_reads import headers, wait_for_size
from api.service.mark_ranges import MarkRanges
from api.service.scanned_marks import produced_on, scanned_mark
from api.service.service import Service

__all__ = ["MarkRoute"]

_JSON: Final = msgspec.json.Encoder().encode
_UNKNOWN: Final = Problem(
    404,
    "mark.unknown",
    "查无此标识：序列号有误，或标识系伪造",
    "no such mark was ever issued: the serial is mistyped, or the mark is forged",
)


class MarkRoute(PlainRoute):
    """The route of a mark, below the framework.

    `scope["path_params"]["serial"]` is the serial as it was scanned or typed.
    """

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._ranges = MarkRanges(service)

    async def _answer(self, scope: Scope) -> Response:
        production: date | None = None
        if scope["query_string"]:
            query = query_of(scope)
            production = produced_on(query.get("produced_on"), self._service.today())
            await wait_for_size(self._service, size_in(query, "min_tree_size"))
        return await self.look_up(unquote(scope["path_params"]["serial"]), production)

    async def look_up(self, serial: str, production: date | None = None) -> Response:
        """What a serial is worth today, as it was scanned or typed. Raises any `LedgerError`."""
        service = self._service
        document = await scanned_mark(self._ranges, serial, service.today(), production)
        if document is None:
            service.require_current()
            return problem_response(_UNKNOWN)
        return Response(_JSON(document), 200, {**headers(service), "Vary": "Accept"}, "application/json")
