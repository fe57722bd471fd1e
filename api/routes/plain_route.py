"""What the hottest reads have in common: plain ASGI, errors as problems, queries read without a framework."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.errors import InvalidRequest, problem_of, problem_response
from api.service.service import Service
from ledger.errors import LedgerError

__all__ = ["PlainRoute", "query_of", "size_in"]


class PlainRoute(ABC):
    """The ASGI application of a route; `scope["path_params"]` holds what its path names."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(scope)
        except LedgerError as error:
            response = problem_response(problem_of(error))
        await response(scope, receive, send)

    @abstractmethod
    async def _answer(self, scope: Scope) -> Response:
        """May raise any `LedgerError`."""


def query_of(scope: Scope) -> dict[str, str]:
    """The parameters of the query string; of several with one name the last."""
    return {key: values[-1] for key, values in parse_qs(scope["query_string"].decode("latin-1")).items()}


def size_in(query: Mapping[str, str], name: str) -> int | None:
    """A number of entries, None where it is not given. Raises `InvalidRequest`."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidRequest(f"request.{name}", f"{name} 应为整数", f"{name} is a number of entries")
    return int(text)
